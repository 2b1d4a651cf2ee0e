"""The Kafka client under test: confluent-kafka, which is librdkafka."""
