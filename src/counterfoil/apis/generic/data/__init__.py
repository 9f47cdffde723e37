"""Makes values that fit a schema: the same for the same seed and place, with Faker for properties with known names."""
