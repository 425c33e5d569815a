"""What the tests against other programs stand on."""
