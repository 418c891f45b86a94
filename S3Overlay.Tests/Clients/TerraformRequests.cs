namespace S3Overlay.Tests.Clients;

/// <summary>
/// What Terraform's provider for AWS (5.100) sends for its S3 resources, in its order, and what it expects. Requests that it repeats until
/// their responses are as it wants are there once.
/// </summary>
internal static class TerraformRequests
{
    private const string Ns = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
    private const string Minimum = "x-amz-transition-default-minimum-object-size: all_storage_classes_128K";
    private const string Bypass = "x-amz-bypass-governance-retention: true";

    private const string Lifecycle = $"<LifecycleConfiguration{Ns}><Rule><Expiration><Days>30</Days></Expiration><Filter><And>"
        + "<ObjectSizeGreaterThan>0</ObjectSizeGreaterThan><Prefix>logs/</Prefix><Tag><Key>keep</Key><Value>no</Value></Tag></And></Filter>"
        + "<ID>logs</ID><NoncurrentVersionExpiration><NewerNoncurrentVersions>2</NewerNoncurrentVersions><NoncurrentDays>7</NoncurrentDays>"
        + "</NoncurrentVersionExpiration><Status>Enabled</Status></Rule><Rule><AbortIncompleteMultipartUpload><DaysAfterInitiation>3"
        + "</DaysAfterInitiation></AbortIncompleteMultipartUpload><Filter><Prefix></Prefix></Filter><ID>uploads</ID>"
        + "<Status>Enabled</Status></Rule></LifecycleConfiguration>";

    private const string Policy = """
        {"Statement":[{"Action":"s3:GetObject","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}},"Effect":"Allow",
        "Principal":{"AWS":"*"},"Resource":"arn:aws:s3:::terraform/public/*"}],"Version":"2012-10-17"}
        """;

    /// <summary>
    /// Creates, reads, changes and destroys everything that the store keeps. Of each: method and target, header, body, the expected status,
    /// and the error's code or a part of the document. <c>VERSION</c> is the version that the last write of the target's key made.
    /// </summary>
    public static readonly (string Request, string Header, string Body, int Status, string Shown)[] Kept =
    [
        // aws_s3_bucket, which reads everything
        ("HEAD /terraform", "", "", 404, ""),
        ("PUT /terraform", "x-amz-bucket-object-lock-enabled: true", "", 200, ""),
        ("HEAD /terraform", "", "", 200, ""),
        ("GET /terraform?tagging=", "", "", 404, "NoSuchTagSet"),
        ("PUT /terraform?tagging=", "",
            $"<Tagging{Ns}><TagSet><Tag><Key>team</Key><Value>one</Value></Tag></TagSet></Tagging>", 204, ""),
        ("GET /terraform?policy=", "", "", 404, "NoSuchBucketPolicy"),
        ("GET /terraform?acl=", "", "", 200, "<Permission>FULL_CONTROL</Permission>"),
        ("GET /terraform?cors=", "", "", 404, "NoSuchCORSConfiguration"),
        ("GET /terraform?website=", "", "", 404, "NoSuchWebsiteConfiguration"),
        ("GET /terraform?versioning=", "", "", 200, "<Status>Enabled</Status>"),
        ("GET /terraform?accelerate=", "", "", 200, "<AccelerateConfiguration"),
        ("GET /terraform?requestPayment=", "", "", 200, "<Payer>BucketOwner</Payer>"),
        ("GET /terraform?logging=", "", "", 200, "<BucketLoggingStatus"),
        ("GET /terraform?lifecycle=", "", "", 404, "NoSuchLifecycleConfiguration"),
        ("GET /terraform?replication=", "", "", 404, "ReplicationConfigurationNotFoundError"),
        ("GET /terraform?encryption=", "", "", 404, "ServerSideEncryptionConfigurationNotFoundError"),
        ("GET /terraform?object-lock=", "", "", 200, "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"),
        ("GET /terraform?tagging=", "", "", 200, "<Key>team</Key><Value>one</Value>"),

        // aws_s3_bucket_cors_configuration, _server_side_encryption_configuration, _versioning, _public_access_block
        ("PUT /terraform?cors=", "", $"<CORSConfiguration{Ns}><CORSRule><AllowedHeader>*</AllowedHeader><AllowedMethod>GET</AllowedMethod>"
            + "<AllowedMethod>PUT</AllowedMethod><AllowedOrigin>https://example.com</AllowedOrigin><ExposeHeader>ETag</ExposeHeader>"
            + "<MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule></CORSConfiguration>", 200, ""),
        ("GET /terraform?cors=", "", "", 200, "<MaxAgeSeconds>3000</MaxAgeSeconds>"),
        ("PUT /terraform?encryption=", "", $"<ServerSideEncryptionConfiguration{Ns}><Rule><ApplyServerSideEncryptionByDefault>"
            + "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
            + "</ServerSideEncryptionConfiguration>", 200, ""),
        ("GET /terraform?encryption=", "", "", 200, "<SSEAlgorithm>AES256</SSEAlgorithm>"),
        ("PUT /terraform?versioning=", "", $"<VersioningConfiguration{Ns}><Status>Enabled</Status></VersioningConfiguration>", 200, ""),
        ("PUT /terraform?publicAccessBlock=", "", Block(restricts: false), 200, ""),
        ("GET /terraform?publicAccessBlock=", "", "", 200, "<BlockPublicAcls>false</BlockPublicAcls>"),

        // aws_s3_bucket_ownership_controls, _acl, _policy, _object_lock_configuration, _lifecycle_configuration
        ("PUT /terraform?ownershipControls=", "", Ownership("BucketOwnerPreferred"), 200, ""),
        ("GET /terraform?ownershipControls=", "", "", 200, "<ObjectOwnership>BucketOwnerPreferred</ObjectOwnership>"),
        ("PUT /terraform?acl=", "x-amz-acl: public-read", "", 200, ""),
        ("GET /terraform?acl=", "", "", 200, "/groups/global/AllUsers"),
        ("PUT /terraform?policy=", "", Policy, 204, ""),
        ("GET /terraform?policy=", "", "", 200, Policy),
        ("PUT /terraform?object-lock=", "", Lock("<Rule><DefaultRetention><Days>1</Days><Mode>GOVERNANCE</Mode></DefaultRetention></Rule>"),
            200, ""),
        ("GET /terraform?object-lock=", "", "", 200, "<Mode>GOVERNANCE</Mode><Days>1</Days>"),
        ("PUT /terraform?lifecycle=", Minimum, Lifecycle, 200, ""),
        ("GET /terraform?lifecycle=", "", "", 200, "<NewerNoncurrentVersions>2</NewerNoncurrentVersions>"),

        // aws_s3_object, aws_s3_object_copy, data.aws_s3_object, data.aws_s3_objects
        ("PUT /terraform/folder/object.txt?x-id=PutObject", "x-amz-tagging: kind=text", "one", 200, ""),
        ("HEAD /terraform/folder/object.txt", "", "", 200, ""),
        ("GET /terraform/folder/object.txt?tagging=", "", "", 200, "<Key>kind</Key><Value>text</Value>"),
        ("GET /terraform/folder/object.txt?versionId=VERSION&x-id=GetObject", "x-amz-checksum-mode: ENABLED", "", 200, "one"),
        ("PUT /terraform/copied.txt?x-id=CopyObject", "x-amz-copy-source: terraform%2Ffolder%2Fobject.txt", "", 200, "<ETag>"),
        ("HEAD /terraform/copied.txt", "", "", 200, ""),
        ("GET /terraform/copied.txt?tagging=", "", "", 200, "<Key>kind</Key>"),
        ("GET /terraform?list-type=2&max-keys=1000&prefix=folder%2F", "", "", 200, "<Key>folder/object.txt</Key>"),

        // A change of some.
        ("PUT /terraform?publicAccessBlock=", "", Block(restricts: true), 200, ""),
        ("GET /terraform?publicAccessBlock=", "", "", 200, "<RestrictPublicBuckets>true</RestrictPublicBuckets>"),
        ("PUT /terraform?ownershipControls=", "", Ownership("ObjectWriter"), 200, ""),
        ("PUT /terraform/folder/object.txt?x-id=PutObject", "x-amz-server-side-encryption: AES256", "two", 200, ""),
        ("PUT /terraform?acl=", "x-amz-acl: private", "", 200, ""),

        // The end, in the order of destruction.
        ("DELETE /terraform/copied.txt?tagging=", "", "", 204, ""),
        ("DELETE /terraform?cors=", "", "", 204, ""),
        ("GET /terraform?cors=", "", "", 404, "NoSuchCORSConfiguration"),
        ("DELETE /terraform?policy=", "", "", 204, ""),
        ("GET /terraform?policy=", "", "", 404, "NoSuchBucketPolicy"),
        ("PUT /terraform?object-lock=", "", Lock(""), 200, ""),
        ("DELETE /terraform?encryption=", "", "", 204, ""),
        ("DELETE /terraform?lifecycle=", "", "", 204, ""),
        ("GET /terraform?lifecycle=", "", "", 404, "NoSuchLifecycleConfiguration"),
        ("DELETE /terraform?ownershipControls=", "", "", 204, ""),
        ("GET /terraform?ownershipControls=", "", "", 404, "OwnershipControlsNotFoundError"),
        ("GET /terraform?prefix=copied.txt&versions=", "", "", 200, "<Key>copied.txt</Key>"),
        ("DELETE /terraform/copied.txt?versionId=VERSION&x-id=DeleteObject", Bypass, "", 204, ""),
        ("DELETE /terraform?publicAccessBlock=", "", "", 204, ""),
        ("GET /terraform?publicAccessBlock=", "", "", 404, "NoSuchPublicAccessBlockConfiguration"),
        ("DELETE /terraform/folder/object.txt?versionId=VERSION&x-id=DeleteObject", Bypass, "", 204, ""),
        ("DELETE /terraform/folder/object.txt?versionId=VERSION&x-id=DeleteObject", Bypass, "", 204, ""),

        // aws_s3_bucket_versioning takes this error for done.
        ("PUT /terraform?versioning=", "", $"<VersioningConfiguration{Ns}><Status>Suspended</Status></VersioningConfiguration>", 409,
            "InvalidBucketState"),
        ("DELETE /terraform", "", "", 204, ""),
        ("HEAD /terraform", "", "", 404, ""),
    ];

    /// <summary>
    /// Configurations that the store does not keep: it refuses to set them to anything but S3's default, and reads and deletes them as S3
    /// does where they are not set, so that a plan or a destruction with them ends.
    /// </summary>
    public static readonly (string Request, string Header, string Body, int Status, string Shown)[] NotKept =
    [
        ("PUT /terraform", "", "", 200, ""),
        ("PUT /terraform?replication=", "", $"<ReplicationConfiguration{Ns}><Role>arn:aws:iam::123456789012:role/r</Role><Rule>"
            + "<Destination><Bucket>arn:aws:s3:::other</Bucket></Destination><ID>r</ID><Prefix></Prefix><Status>Enabled</Status></Rule>"
            + "</ReplicationConfiguration>", 501, "NotImplemented"),
        ("GET /terraform?replication=", "", "", 404, "ReplicationConfigurationNotFoundError"),
        ("DELETE /terraform?replication=", "", "", 204, ""),
        ("PUT /terraform?accelerate=", "", $"<AccelerateConfiguration{Ns}><Status>Enabled</Status></AccelerateConfiguration>", 501,
            "NotImplemented"),
        ("PUT /terraform?accelerate=", "", $"<AccelerateConfiguration{Ns}><Status>Suspended</Status></AccelerateConfiguration>", 200, ""),
        ("GET /terraform?accelerate=", "", "", 200, "<Status>Suspended</Status>"),
        ("PUT /terraform?accelerate=", "", "<AccelerateConfiguration/>", 501, "NotImplemented"),
        ("PUT /terraform?requestPayment=", "", $"<RequestPaymentConfiguration{Ns}><Payer>Requester</Payer></RequestPaymentConfiguration>",
            501, "NotImplemented"),
        ("PUT /terraform?requestPayment=", "", $"<RequestPaymentConfiguration{Ns}><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
            200, ""),
        ("GET /terraform?requestPayment=", "", "", 200, "<Payer>BucketOwner</Payer>"),
        ("PUT /terraform?notification=", "", $"<NotificationConfiguration{Ns}></NotificationConfiguration>", 200, ""),
        ("PUT /terraform?notification=", "", "<Notifications/>", 501, "NotImplemented"),
        ("PUT /terraform?notification=", "", "<NotificationConfiguration><a/><a/></NotificationConfiguration>",
            501, "NotImplemented"),
        ("PUT /terraform?notification=", "", $"<NotificationConfiguration{Ns}><EventBridgeConfiguration/></NotificationConfiguration>", 501,
            "NotImplemented"),
        ("GET /terraform?notification=", "", "", 200, "<NotificationConfiguration"),
        ("PUT /terraform?inventory=&id=i", "", $"<InventoryConfiguration{Ns}><Id>i</Id></InventoryConfiguration>", 501, "NotImplemented"),
        ("GET /terraform?inventory=&id=i", "", "", 404, "NoSuchConfiguration"),
        ("GET /terraform?inventory=", "", "", 200, "<IsTruncated>false</IsTruncated>"),
        ("DELETE /terraform?inventory=&id=i", "", "", 404, "NoSuchConfiguration"),
        ("PUT /terraform?analytics=&id=a", "", $"<AnalyticsConfiguration{Ns}><Id>a</Id></AnalyticsConfiguration>", 501, "NotImplemented"),
        ("GET /terraform?analytics=&id=a", "", "", 404, "NoSuchConfiguration"),
        ("GET /terraform?analytics=", "", "", 200, "<IsTruncated>false</IsTruncated>"),
        ("DELETE /terraform?analytics=&id=a", "", "", 404, "NoSuchConfiguration"),
        ("PUT /terraform?metrics=&id=m", "", $"<MetricsConfiguration{Ns}><Id>m</Id></MetricsConfiguration>", 501, "NotImplemented"),
        ("GET /terraform?metrics=&id=m", "", "", 404, "NoSuchConfiguration"),
        ("GET /terraform?metrics=", "", "", 200, "<IsTruncated>false</IsTruncated>"),
        ("DELETE /terraform?metrics=&id=m", "", "", 404, "NoSuchConfiguration"),
        ("PUT /terraform?intelligent-tiering=&id=t", "",
            $"<IntelligentTieringConfiguration{Ns}><Id>t</Id></IntelligentTieringConfiguration>", 501, "NotImplemented"),
        ("GET /terraform?intelligent-tiering=&id=t", "", "", 404, "NoSuchConfiguration"),
        ("GET /terraform?intelligent-tiering=", "", "", 200, "<IsTruncated>false</IsTruncated>"),
        ("DELETE /terraform?intelligent-tiering=&id=t", "", "", 404, "NoSuchConfiguration"),
        ("GET /terraform?website=", "", "", 404, "NoSuchWebsiteConfiguration"),
        ("DELETE /terraform?website=", "", "", 204, ""),
        ("DELETE /terraform", "", "", 204, ""),
    ];

    private static string Block(bool restricts) => $"<PublicAccessBlockConfiguration{Ns}><BlockPublicAcls>false</BlockPublicAcls>"
        + "<BlockPublicPolicy>false</BlockPublicPolicy><IgnorePublicAcls>false</IgnorePublicAcls>"
        + $"<RestrictPublicBuckets>{(restricts ? "true" : "false")}</RestrictPublicBuckets></PublicAccessBlockConfiguration>";

    private static string Ownership(string who) =>
        $"<OwnershipControls{Ns}><Rule><ObjectOwnership>{who}</ObjectOwnership></Rule></OwnershipControls>";

    private static string Lock(string rule) =>
        $"<ObjectLockConfiguration{Ns}><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}</ObjectLockConfiguration>";
}
