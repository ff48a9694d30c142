"""Where a visitor is and what it is like there: regions, stores, calendar, weather."""
