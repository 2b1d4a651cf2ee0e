//go:build tools

// Package toxiproxy pins the server that set-up builds: its version in go.mod,
// the sum of every module behind it in go.sum.
package toxiproxy

import _ "github.com/Shopify/toxiproxy/v2/cmd/server"
