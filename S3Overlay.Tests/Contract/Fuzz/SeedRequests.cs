using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>A request for each parser of client input.</summary>
internal static class SeedRequests
{
    private const string Ns = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

    /// <summary>By name.</summary>
    public static readonly IReadOnlyDictionary<string, SeedRequest> All = new Dictionary<string, SeedRequest>
    {
        ["policy"] = new("PUT", "/BUCKET?policy",
            """
            {"Version":"2012-10-17","Id":"p","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"AWS":["*",
            "arn:aws:iam::123456789012:root"]},"Action":["s3:GetObject","s3:Put*"],"Resource":["arn:aws:s3:::BUCKET/a*",
            "arn:aws:s3:::BUCKET/${aws:username}/*"],
            "Condition":{"StringLike":{"aws:Referer":["https://*.example/*"]},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},
            "NumericLessThan":{"s3:max-keys":"10"},"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"},
            "Bool":{"aws:SecureTransport":"true"},"Null":{"s3:x-amz-acl":"true"},
            "ForAnyValue:StringEquals":{"s3:RequestObjectTagKeys":["a"]}}},
            {"Effect":"Deny","NotPrincipal":{"CanonicalUser":"abc"},"NotAction":"s3:*","NotResource":"arn:aws:s3:::BUCKET"}]}
            """),
        ["acl of a bucket"] = new("PUT", "/BUCKET?acl", Acl),
        ["acl of an object"] = new("PUT", "/BUCKET/k?acl", Acl),
        ["acl headers"] = new("PUT", "/BUCKET/k?acl", null,
            ("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\", id=\"OWNER\""),
            ("x-amz-grant-write-acp", "id=OWNER")),
        ["canned acl"] = new("PUT", "/BUCKET/other", "x", ("x-amz-acl", "public-read")),
        ["lifecycle"] = new("PUT", "/BUCKET?lifecycle",
            $"<LifecycleConfiguration{Ns}><Rule><ID>a</ID><Status>Enabled</Status><Filter><And><Prefix>k</Prefix><Tag><Key>t</Key>"
            + "<Value>v</Value></Tag><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan><ObjectSizeLessThan>99</ObjectSizeLessThan>"
            + "</And></Filter><Expiration><Days>3</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>2</NoncurrentDays>"
            + "<NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule><Rule><ID>b</ID><Filter><Prefix/>"
            + "</Filter><Status>Enabled</Status><Expiration><Date>2040-01-01T00:00:00Z</Date></Expiration></Rule><Rule><ID>c</ID><Filter/>"
            + "<Status>Disabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>"
            + "</AbortIncompleteMultipartUpload><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>"
            + "</LifecycleConfiguration>"),
        ["lifecycle by days"] = new("PUT", "/BUCKET?lifecycle",
            $"<LifecycleConfiguration{Ns}><Rule><ID>a</ID><Status>Enabled</Status><Filter/><Expiration><Days>3</Days></Expiration></Rule>"
            + "</LifecycleConfiguration>"),
        ["cors"] = new("PUT", "/BUCKET?cors",
            $"<CORSConfiguration{Ns}><CORSRule><ID>r</ID><AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
            + "<AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>"
            + "<MaxAgeSeconds>300</MaxAgeSeconds></CORSRule></CORSConfiguration>"),
        ["encryption"] = new("PUT", "/BUCKET?encryption",
            $"<ServerSideEncryptionConfiguration{Ns}><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
            + "<KMSMasterKeyID>named</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled>"
            + "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule>"
            + "</ServerSideEncryptionConfiguration>"),
        ["object lock"] = new("PUT", "/BUCKET?object-lock",
            $"<ObjectLockConfiguration{Ns}><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode>"
            + "<Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>"),
        ["retention"] = new("PUT", "/BUCKET/k?retention",
            $"<Retention{Ns}><Mode>GOVERNANCE</Mode><RetainUntilDate>2040-01-01T00:00:00.000Z</RetainUntilDate></Retention>",
            ("x-amz-bypass-governance-retention", "true")),
        ["legal hold"] = new("PUT", "/BUCKET/k?legal-hold", $"<LegalHold{Ns}><Status>ON</Status></LegalHold>"),
        ["lock headers"] = new("PUT", "/BUCKET/locked", "x", ("x-amz-object-lock-mode", "GOVERNANCE"),
            ("x-amz-object-lock-retain-until-date", "2040-01-01T00:00:00Z"), ("x-amz-object-lock-legal-hold", "OFF"),
            ("Content-MD5", "ndTkYSaMgDT1yFZOFVxnpg==")),
        ["versioning"] = new("PUT", "/BUCKET?versioning",
            $"<VersioningConfiguration{Ns}><Status>Enabled</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>"),
        ["ownership"] = new("PUT", "/BUCKET?ownershipControls",
            $"<OwnershipControls{Ns}><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>"),
        ["public access block"] = new("PUT", "/BUCKET?publicAccessBlock",
            $"<PublicAccessBlockConfiguration{Ns}><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls>"
            + "<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets>"
            + "</PublicAccessBlockConfiguration>"),
        ["tags of a bucket"] = new("PUT", "/BUCKET?tagging", Tags),
        ["tags of an object"] = new("PUT", "/BUCKET/k?tagging", Tags),
        ["tags in a header"] = new("PUT", "/BUCKET/tagged", "x", ("x-amz-tagging", "a=b&c=%C3%A9&d")),
        ["customer key"] = new("PUT", "/BUCKET/secret", "x", CustomerKey.Headers()),
        ["read with a customer key"] = new("GET", "/BUCKET/k", null, CustomerKey.Headers()),
        ["copy"] = new("PUT", "/BUCKET/copy", null,
            [("x-amz-copy-source", "/BUCKET/k?versionId=null"), ("x-amz-metadata-directive", "REPLACE"), .. CustomerKey.SourceHeaders()]),
        ["complete"] = new("POST", "/BUCKET/multi?uploadId=UPLOAD",
            $"<CompleteMultipartUpload{Ns}><Part><PartNumber>1</PartNumber><ETag>\"ETAG\"</ETag></Part></CompleteMultipartUpload>"),
        ["delete"] = new("POST", "/BUCKET?delete",
            $"<Delete{Ns}><Quiet>false</Quiet><Object><Key>none</Key></Object><Object><Key>k</Key><VersionId>VERSION</VersionId>"
            + "<ETag>\"ETAG\"</ETag><LastModifiedTime>Wed, 21 Oct 2026 07:28:00 GMT</LastModifiedTime><Size>3</Size></Object></Delete>"),
        ["delete with headers"] = new("DELETE", "/BUCKET/k?versionId=VERSION", null, ("If-Match", "\"ETAG\""),
            ("x-amz-if-match-last-modified-time", "Wed, 21 Oct 2026 07:28:00 GMT"), ("x-amz-if-match-size", "3")),
        ["conditional write"] = new("PUT", "/BUCKET/k", "new", ("If-Match", "\"ETAG\"")),
        ["versions"] = new("GET", "/BUCKET?versions&key-marker=k&version-id-marker=VERSION&max-keys=2&prefix=k&delimiter=%2F", null),
        ["listing"] = new("GET", "/BUCKET?list-type=2&start-after=a&max-keys=2&prefix=k&delimiter=%2F&encoding-type=url", null),
        ["version"] = new("GET", "/BUCKET/k?versionId=VERSION&response-content-type=a", null, ("Range", "bytes=0-1")),
        ["attributes"] = new("GET", "/BUCKET/k?attributes", null, ("x-amz-object-attributes", "ETag,ObjectParts,Checksum"),
            ("x-amz-max-parts", "2"), ("x-amz-part-number-marker", "1")),
        ["preflight"] = new("OPTIONS", "/BUCKET/k", null, ("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "x-a,x-b")),
        ["new bucket"] = new("PUT", "/BUCKET-new",
            $"<CreateBucketConfiguration{Ns}><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>",
            ("x-amz-bucket-object-lock-enabled", "true"), ("x-amz-object-ownership", "ObjectWriter"), ("x-amz-acl", "private")),
    };

    private static string Acl =>
        $"<AccessControlPolicy{Ns}><Owner><ID>OWNER</ID><DisplayName>o</DisplayName></Owner><AccessControlList><Grant><Grantee "
        + "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>OWNER</ID></Grantee>"
        + "<Permission>FULL_CONTROL</Permission></Grant><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
        + "xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>"
        + "</AccessControlList></AccessControlPolicy>";

    private static string Tags =>
        $"<Tagging{Ns}><TagSet><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>c</Key><Value>d e</Value></Tag></TagSet></Tagging>";
}
