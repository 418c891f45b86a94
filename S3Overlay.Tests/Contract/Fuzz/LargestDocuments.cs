using System.Text;

namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>Documents of the largest size that a request may have, each the worst of its shape.</summary>
internal static class LargestDocuments
{
    /// <summary>As the server's limit for XML.</summary>
    private const int Most = 8 << 20;

    /// <summary>As S3's limit for CORS rules.</summary>
    private const int MostOfCors = 64 * 1024;

    /// <summary>As S3's limit for policies.</summary>
    private const int MostOfPolicy = 20 * 1024;

    /// <summary>The sub-resources that read XML, with their roots.</summary>
    public static readonly (string Method, string Target, string Root)[] Readers =
    [
        ("POST", "/BUCKET?delete", "Delete"), ("PUT", "/BUCKET?lifecycle", "LifecycleConfiguration"),
        ("PUT", "/BUCKET?cors", "CORSConfiguration"), ("PUT", "/BUCKET?acl", "AccessControlPolicy"), ("PUT", "/BUCKET?tagging", "Tagging"),
        ("PUT", "/BUCKET?encryption", "ServerSideEncryptionConfiguration"), ("PUT", "/BUCKET?object-lock", "ObjectLockConfiguration"),
        ("PUT", "/BUCKET?versioning", "VersioningConfiguration"), ("PUT", "/BUCKET?ownershipControls", "OwnershipControls"),
        ("PUT", "/BUCKET?publicAccessBlock", "PublicAccessBlockConfiguration"), ("PUT", "/BUCKET/k?retention", "Retention"),
        ("PUT", "/BUCKET/k?legal-hold", "LegalHold"), ("PUT", "/BUCKET/k?acl", "AccessControlPolicy"),
        ("PUT", "/BUCKET/k?tagging", "Tagging"), ("POST", "/BUCKET/multi?uploadId=UPLOAD", "CompleteMultipartUpload"),
        ("PUT", "/BUCKET-made", "CreateBucketConfiguration"),
    ];

    /// <summary>Shapes of XML, for any root.</summary>
    public static readonly IReadOnlyDictionary<string, Func<string, string>> Shapes = new Dictionary<string, Func<string, string>>
    {
        ["deep"] = static root => $"<{root}>{Fill("<a>")}",
        ["wide"] = static root => $"<{root}>{Fill("<a/>")}</{root}>",
        ["many names"] = static root => $"<{root}>{Counted(static i => $"<a{i}/>")}</{root}>",
        ["many attributes"] = static root => $"<{root} {Counted(static i => $"a{i}=\"\" ")}/>",
        ["many namespaces"] = static root => $"<{root}>{Counted(static i => $"<a xmlns=\"u{i}\"/>")}</{root}>",
        ["one long name"] = static root => $"<{root}><{new string('a', Most / 3)}/></{root}>",
        ["one long text"] = static root => $"<{root}>{Fill("a")}</{root}>",
        ["text in pieces"] = static root => $"<{root}><a>{Fill("x<!---->")}</a></{root}>",
        ["sections"] = static root => $"<{root}><a>{Fill("<![CDATA[x]]>")}</a></{root}>",
        ["references"] = static root => $"<{root}><a>{Fill("&#65;&amp;")}</a></{root}>",
        ["comments"] = static root => $"<{root}>{Fill("<!---->")}</{root}>",
        ["spaces"] = static root => $"<{root}>{Fill("<a/> ")}</{root}>",
        ["entities"] = static root => "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\">"
            + string.Concat(Enumerable.Range(0, 20).Select(static i => $"<!ENTITY a{i} \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"))
            + $"]><{root}>&a19;</{root}>",
    };

    /// <summary>Documents that a parser reads far into.</summary>
    public static readonly IReadOnlyDictionary<string, (string Method, string Target, Func<string> Body)> Real =
        new Dictionary<string, (string, string, Func<string>)>
        {
            ["tags"] = ("PUT", "/BUCKET/k?tagging",
                static () => $"<Tagging><TagSet>{Counted(static i => $"<Tag><Key>{i}</Key><Value/></Tag>")}</TagSet></Tagging>"),
            ["grants"] = ("PUT", "/BUCKET?acl", static () => "<AccessControlPolicy><Owner><ID>OWNER</ID></Owner><AccessControlList>"
                + Fill("<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>OWNER</ID>"
                    + "</Grantee><Permission>READ</Permission></Grant>")
                + "</AccessControlList></AccessControlPolicy>"),
            ["objects"] = ("POST", "/BUCKET?delete", static () => $"<Delete>{Fill("<Object><Key>a</Key></Object>")}</Delete>"),
            ["keys of one object"] = ("POST", "/BUCKET?delete", static () => $"<Delete><Object>{Fill("<Key>a</Key>")}</Object></Delete>"),
            ["a long key"] = ("POST", "/BUCKET?delete", static () => $"<Delete><Object><Key>{Fill("a")}</Key></Object></Delete>"),
            ["parts"] = ("POST", "/BUCKET/multi?uploadId=UPLOAD", static () => "<CompleteMultipartUpload>"
                + Counted(static i => $"<Part><PartNumber>{i}</PartNumber><ETag>e</ETag></Part>") + "</CompleteMultipartUpload>"),
            ["rules"] = ("PUT", "/BUCKET?lifecycle", static () => "<LifecycleConfiguration>"
                + Counted(static i => $"<Rule><ID>{i}</ID><Status>Enabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule>")
                + "</LifecycleConfiguration>"),
            ["tags of a rule"] = ("PUT", "/BUCKET?lifecycle", static () =>
                "<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><And>"
                + Counted(static i => $"<Tag><Key>{i}</Key><Value/></Tag>") + "</And></Filter><Expiration><Days>1</Days></Expiration>"
                + "</Rule></LifecycleConfiguration>"),
            ["tags of all rules"] = ("PUT", "/BUCKET?lifecycle", static () => "<LifecycleConfiguration>"
                + string.Concat(Enumerable.Range(0, 999).Select(static i => $"<Rule><ID>{i}</ID><Status>Enabled</Status><Filter><And>"
                    + string.Concat(Enumerable.Range(0, 230).Select(static tag => $"<Tag><Key>{tag}</Key><Value/></Tag>"))
                    + "</And></Filter><Expiration><Days>1</Days></Expiration></Rule>")) + "</LifecycleConfiguration>"),
            ["origins"] = ("PUT", "/BUCKET?cors", static () => "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>"
                + Counted(static i => $"<AllowedOrigin>http://{i}*</AllowedOrigin>", MostOfCors) + "</CORSRule></CORSConfiguration>"),
            ["allowed headers"] = ("PUT", "/BUCKET?cors", static () => "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>"
                + "<AllowedOrigin>*</AllowedOrigin>" + Counted(static i => $"<AllowedHeader>x{i}*</AllowedHeader>", MostOfCors)
                + "</CORSRule></CORSConfiguration>"),
            ["exposed headers"] = ("PUT", "/BUCKET?cors", static () => "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>"
                + "<AllowedOrigin>*</AllowedOrigin>" + Counted(static i => $"<ExposeHeader>x{i}</ExposeHeader>", MostOfCors)
                + "</CORSRule></CORSConfiguration>"),
            ["larger cors"] = ("PUT", "/BUCKET?cors", static () => "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>"
                + Counted(static i => $"<AllowedOrigin>http://{i}*</AllowedOrigin>") + "</CORSRule></CORSConfiguration>"),
            ["encryption types"] = ("PUT", "/BUCKET?encryption", static () => "<ServerSideEncryptionConfiguration><Rule>"
                + $"<BlockedEncryptionTypes>{Fill("<EncryptionType>SSE-C</EncryptionType>")}</BlockedEncryptionTypes></Rule>"
                + "</ServerSideEncryptionConfiguration>"),
            ["a long key id"] = ("PUT", "/BUCKET?encryption", static () => "<ServerSideEncryptionConfiguration><Rule>"
                + "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
                + $"<KMSMasterKeyID>{Fill("k")}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>"
                + "</ServerSideEncryptionConfiguration>"),
            ["nested json"] = ("PUT", "/BUCKET?policy", static () => Fill("[", MostOfPolicy)),
            ["a large json"] = ("PUT", "/BUCKET?policy", static () => Fill("[")),
            ["statements"] = ("PUT", "/BUCKET?policy", static () => Policy(
                "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\","
                + "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"true\"}}}")),
            ["stars"] = ("PUT", "/BUCKET?policy", static () => Deny("\"arn:aws:s3:::BUCKET/" + Fill("*a", MostOfPolicy - 300) + "b\"")),
            ["a star before much"] = ("PUT", "/BUCKET?policy",
                static () => Deny(string.Join(',', Enumerable.Repeat("\"arn:aws:s3:::BUCKET/*" + new string('a', 400) + "b\"", 45)))),
            ["variables"] = ("PUT", "/BUCKET?policy",
                static () => Deny("\"arn:aws:s3:::BUCKET/*" + Fill("${aws:UserAgent}", MostOfPolicy - 300) + "b\"")),
            ["variables before stars"] = ("PUT", "/BUCKET?policy", static () => Deny("\"*\"",
                "{\"StringLike\":{\"aws:Referer\":[" + string.Join(',', Enumerable.Repeat("\"*${aws:UserAgent}b\"", 900)) + "]}}")),
        };

    /// <summary>A text again and again.</summary>
    public static string Fill(string piece, int most = Most - 1000) => string.Concat(Enumerable.Repeat(piece, most / piece.Length));

    private static string Counted(Func<int, string> piece, int most = Most)
    {
        var text = new StringBuilder();
        for (var i = 1; text.Length < most - 1000; i++)
        {
            text.Append(piece(i));
        }

        return text.ToString();
    }

    private static string Deny(string resources, string condition = "{}") =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":[{{resources}}],"""
        + $$""" "Condition":{{condition}}}]}""";

    private static string Policy(string statement) =>
        "{\"Version\":\"2012-10-17\",\"Statement\":[" + Fill(statement + ",", MostOfPolicy - statement.Length - 100) + statement + "]}";
}
