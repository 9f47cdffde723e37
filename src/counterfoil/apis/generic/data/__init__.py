"""Makes values that fit a schema: the same for the same seed and place, with Faker's names where names say so."""
