"""The bills that people download at Alipay and WeChat Pay: read in a process of their own, which keeps nothing but monthly sums."""
