"""The arithmetic of money: day counts, due dates, schedules, lives of loans, annual rates and the legal cap. Pure, exact."""
