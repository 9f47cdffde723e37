"""The defects of billingplatform."""
