"""The partners' door: lenders, landlords, shops and services, each seeing its own alone."""
