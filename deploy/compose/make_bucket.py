"""Make the bucket that PHOTO_STORAGE names, unless it is there."""

import os
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

store = boto3.client(
    "s3",
    endpoint_url=os.environ["S3_ENDPOINT_URL"],
    region_name=os.environ["S3_REGION"],
    aws_access_key_id=os.environ["S3_ACCESS_KEY"],
    aws_secret_access_key=os.environ["S3_SECRET_KEY"],
)
bucket = urlsplit(os.environ["PHOTO_STORAGE"]).netloc
try:
    store.head_bucket(Bucket=bucket)
except ClientError:
    store.create_bucket(Bucket=bucket)
    print(f"The bucket {bucket} was made.")
