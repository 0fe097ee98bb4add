"""Stories of a year: a file and a line here for each."""

from api.cli.demo.year.life import YearStory
from api.cli.demo.year.stories import belonging, falling_ill, moving_out, paying_off, paying_on, returning

STORIES: tuple[YearStory, ...] = (
    paying_on.STORY,
    paying_off.STORY,
    returning.STORY,
    moving_out.STORY,
    falling_ill.STORY,
    belonging.STORY,
)
