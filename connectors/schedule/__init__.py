"""The connector for schedules: an app that starts zaps at times. Found by its entry point."""

from connectors.schedule.connector import schedule

__all__ = ["schedule"]
