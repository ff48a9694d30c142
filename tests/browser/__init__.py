"""Tests in Chromium. A package, so that pytest ends browser and demo when it leaves it, not when all tests are over."""
