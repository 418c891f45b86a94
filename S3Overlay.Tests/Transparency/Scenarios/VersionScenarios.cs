namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Versions, and objects that may not be deleted for a while.</summary>
internal static class VersionScenarios
{
    public static async Task VersionsAsync(Side s)
    {
        await s.SendAsync("GET", "/BUCKET?versioning");
        await s.SendAsync("PUT", "/BUCKET/k", "before");
        await s.SendAsync("PUT", "/BUCKET?versioning", Status("Enabled"));
        await s.SendAsync("GET", "/BUCKET?versioning");
        var one = s.LearnHeader(await s.SendAsync("PUT", "/BUCKET/k", "one"), "x-amz-version-id", "VERSION-ONE");
        s.LearnHeader(await s.SendAsync("PUT", "/BUCKET/k", "two"), "x-amz-version-id", "VERSION-TWO");
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("GET", "/BUCKET/k?versionId=" + one);
        await s.SendAsync("HEAD", "/BUCKET/k?versionId=" + one);
        await s.SendAsync("GET", "/BUCKET/k?versionId=null");
        await s.SendAsync("GET", "/BUCKET/k?versionId=nonsense");
        await s.SendAsync("GET", "/BUCKET/k?versionId=");
        await s.SendAsync("PUT", "/BUCKET/copy", null, ("x-amz-copy-source", "BUCKET/k?versionId=" + one));
        s.LearnHeader(await s.SendAsync("HEAD", "/BUCKET/copy"), "x-amz-version-id", "VERSION-OF-COPY");
        var marker = s.LearnHeader(await s.SendAsync("DELETE", "/BUCKET/k"), "x-amz-version-id", "MARKER");
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("HEAD", "/BUCKET/k");
        await s.SendAsync("GET", "/BUCKET/k?versionId=" + marker);
        await s.SendAsync("GET", "/BUCKET?versions");
        await s.SendAsync("GET", "/BUCKET?versions&max-keys=1");
        await s.SendAsync("DELETE", "/BUCKET/k?versionId=" + marker);
        await s.SendAsync("DELETE", "/BUCKET/k?versionId=nonsense");
        await s.SendAsync("DELETE", "/BUCKET/k?versionId=" + one);
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("PUT", "/BUCKET?versioning", Status("Suspended"));
        await s.SendAsync("PUT", "/BUCKET/k", "three");
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("DELETE", "/BUCKET/k");
        await s.SendAsync("POST", "/BUCKET?delete", "<Delete><Object><Key>k</Key><VersionId>null</VersionId></Object></Delete>",
            Md5("<Delete><Object><Key>k</Key><VersionId>null</VersionId></Object></Delete>"));
        await s.SendAsync("PUT", "/BUCKET?versioning", Status("Nonsense"));
        await s.SendAsync("PUT", "/BUCKET?versioning", "<");
        await s.SendAsync("GET", "/no-such-bucket-here?versioning");
    }

    public static async Task LocksAsync(Side s)
    {
        await s.SendAsync("GET", "/BUCKET?object-lock");
        await s.SendAsync("PUT", "/BUCKET?object-lock",
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>");
        await s.SendAsync("PUT", "/BUCKET/k", "value");
        await s.SendAsync("GET", "/BUCKET/k?retention");
        await s.SendAsync("GET", "/BUCKET/k?legal-hold");
        await s.SendAsync("PUT", "/BUCKET/k?legal-hold", "<LegalHold><Status>ON</Status></LegalHold>");
        await s.SendAsync("PUT", "/BUCKET-lock", null, ("x-amz-bucket-object-lock-enabled", "true"));
        await s.SendAsync("GET", "/BUCKET-lock?object-lock");
        await s.SendAsync("GET", "/BUCKET-lock?versioning");
        await s.SendAsync(
            "PUT", "/BUCKET-lock?object-lock",
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode>"
            + "<Days>0</Days></DefaultRetention></Rule></ObjectLockConfiguration>");
        await s.SendAsync("PUT", "/BUCKET-lock?object-lock", "<nonsense");
        var version = s.LearnHeader(await s.SendAsync("PUT", "/BUCKET-lock/k", "value"), "x-amz-version-id", "VERSION");
        await s.SendAsync("GET", "/BUCKET-lock/k?retention");
        await s.SendAsync("PUT", "/BUCKET-lock/k?retention",
            "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate></Retention>");
        await s.SendAsync("PUT", "/BUCKET-lock/k?retention",
            "<Retention><Mode>NONSENSE</Mode><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate></Retention>");
        await s.SendAsync("GET", "/BUCKET-lock/k?retention");
        await s.SendAsync("HEAD", "/BUCKET-lock/k");
        await s.SendAsync("DELETE", "/BUCKET-lock/k?versionId=" + version);
        await s.SendAsync("DELETE", "/BUCKET-lock/k?versionId=" + version, null, ("x-amz-bypass-governance-retention", "true"));
        await s.SendAsync("PUT", "/BUCKET-lock/held", "value", ("x-amz-object-lock-legal-hold", "ON"));
        s.LearnHeader(await s.SendAsync("HEAD", "/BUCKET-lock/held"), "x-amz-version-id", "VERSION-HELD");
        await s.SendAsync("PUT", "/BUCKET-lock/held?legal-hold", "<LegalHold><Status>OFF</Status></LegalHold>");
    }

    internal static (string Name, string Value) Md5(string text) =>
        ("Content-MD5", Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text))));

    private static string Status(string status) =>
        $"<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>{status}</Status></VersioningConfiguration>";
}
