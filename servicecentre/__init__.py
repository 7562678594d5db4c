"""The front desk of a residential property company."""
