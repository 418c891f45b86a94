using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Encryption;

/// <summary>The three ways to encrypt, with the headers of their requests.</summary>
internal static class EncryptionBench
{
    /// <summary>A master key, and two keys of SSE-KMS.</summary>
    public static ServerKeys Keys { get; } = new(
        [Secret(1)], new Dictionary<string, byte[]> { ["first"] = Secret(2), ["second"] = Secret(3) });

    /// <summary>The ways.</summary>
    public static TheoryData<string> Ways => ["s3", "kms", "c"];

    /// <summary>A store with keys.</summary>
    public static async Task<EmbeddedBench> OpenAsync()
    {
        var bench = EmbeddedBench.New();
        bench.Keys = Keys;
        await bench.StartAsync();
        await bench.SendAsync(S3Operation.CreateBucket, "");
        await bench.Store.Tidying;
        return bench;
    }

    /// <summary>32 bytes.</summary>
    public static byte[] Secret(byte seed) => [.. Enumerable.Repeat(seed, 32)];

    /// <summary>The headers of a write.</summary>
    public static (string Name, string Value)[] Write(string way) => way switch
    {
        "s3" => [("x-amz-server-side-encryption", "AES256")],
        "kms" => [("x-amz-server-side-encryption", "aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id", "first")],
        "c" => CustomerKey.Headers(),
        _ => [],
    };

    /// <summary>The headers of a read, and of a part.</summary>
    public static (string Name, string Value)[] Read(string way) => way == "c" ? CustomerKey.Headers() : [];

    /// <summary>The headers that a copy needs for its source.</summary>
    public static (string Name, string Value)[] Source(string way) => way == "c" ? CustomerKey.SourceHeaders() : [];
}
