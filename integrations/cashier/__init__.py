"""Cashiers: the sandbox, Alipay and WeChat Pay, each in its own words."""
