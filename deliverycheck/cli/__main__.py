"""`python -m deliverycheck.cli` is the command `deliverycheck`."""

from deliverycheck.cli import main

if __name__ == "__main__":
    main()
