using System.Security.Cryptography;

namespace S3Overlay.Tests.Transparency.Scenarios;

/// <summary>Objects that are encrypted at the store.</summary>
internal static class EncryptionScenarios
{
    public static async Task EncryptionAsync(Side s)
    {
        var key = new byte[32];
        var other = Enumerable.Repeat((byte)1, 32).ToArray();
        await s.SendAsync("PUT", "/BUCKET/k", "value", Customer(key));
        await s.SendAsync("GET", "/BUCKET/k", null, Customer(key));
        await s.SendAsync("HEAD", "/BUCKET/k", null, Customer(key));
        await s.SendAsync("GET", "/BUCKET/k", null, [.. Customer(key), ("Range", "bytes=1-2")]);
        await s.SendAsync("GET", "/BUCKET/k");
        await s.SendAsync("HEAD", "/BUCKET/k");
        await s.SendAsync("GET", "/BUCKET/k", null, Customer(other));
        await s.SendAsync("PUT", "/BUCKET/k", "value", Customer(key)[..2]);
        await s.SendAsync("PUT", "/BUCKET/k", "value",
            [.. Customer(key)[..2], ("x-amz-server-side-encryption-customer-key-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")]);
        await s.SendAsync(
            "PUT", "/BUCKET/k", "value", [("x-amz-server-side-encryption-customer-algorithm", "nonsense"), .. Customer(key)[1..]]);
        await s.SendAsync("PUT", "/BUCKET/s3", "value", ("x-amz-server-side-encryption", "AES256"));
        await s.SendAsync("GET", "/BUCKET/s3");
        await s.SendAsync("PUT", "/BUCKET/kms", "value", ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "nonsense"));
        await s.SendAsync("PUT", "/BUCKET/none", "value", ("x-amz-server-side-encryption", "nonsense"));
        s.Learn(await s.SendAsync("POST", "/BUCKET/m?uploads", null, Customer(key)), "UploadId", "UPLOAD");
        await s.SendAsync("PUT", "/BUCKET/copy", null, [("x-amz-copy-source", "BUCKET/k")]);
    }

    private static (string Name, string Value)[] Customer(byte[] key) =>
    [
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"), (
            "x-amz-server-side-encryption-customer-key", Convert.ToBase64String(key)),
        ("x-amz-server-side-encryption-customer-key-MD5", Convert.ToBase64String(MD5.HashData(key))),
    ];
}
