"""One renderer for every pydantic model: `fields` says what a form shows, `posted` reads what it sent."""
