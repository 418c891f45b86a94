using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Hosting.Demo;

/// <summary>The objects of the demo's remote, made on the spot: text to read, photographs to delete, one object of 200 MiB to read in pieces.</summary>
internal static class SampleObjects
{
    /// <summary>The bucket they are in.</summary>
    public const string Bucket = "demo";

    /// <summary>The large one.</summary>
    public const string LargeKey = "large/200MiB.bin";

    private static readonly (string Key, long Size, string ContentType)[] Objects =
    [
        ("hello.txt", 0, "text/plain"),
        ("logs/2026/10/app.log", 1 << 10, "text/plain"),
        ("logs/2026/11/app.log", 10 << 10, "text/plain"),
        ("photos/photo-1.jpg", 300 << 10, "image/jpeg"),
        ("photos/photo-2.jpg", 400 << 10, "image/jpeg"),
        ("photos/photo-3.jpg", 3 << 20, "image/jpeg"),
        ("models/weights.bin", 20 << 20, "application/octet-stream"),
        (LargeKey, 200 << 20, "application/octet-stream"),
    ];

    private static readonly byte[] Hello = "hello from the remote\n"u8.ToArray();

    /// <summary>Puts them into a store, telling how far it is.</summary>
    public static async Task PutAsync(IS3Service service, TextWriter progress, CancellationToken cancellationToken)
    {
        await AskAsync(service, S3Operation.CreateBucket, "PUT", "", new HeaderDictionary(), new SampleBody(0), cancellationToken);
        foreach (var (key, size, contentType) in Objects)
        {
            await progress.WriteLineAsync($"making s3://{Bucket}/{key} ({ByteSize.Format(size == 0 ? Hello.Length : size)})");
            var headers = new HeaderDictionary { ["Content-Type"] = contentType };
            await AskAsync(service, S3Operation.PutObject, "PUT", key, headers, size == 0 ? new SampleBody(Hello) : new SampleBody(size), cancellationToken);
        }
    }

    private static async Task AskAsync(
        IS3Service service, S3Operation operation, string method, string key, HeaderDictionary headers, SampleBody body, CancellationToken cancellationToken)
    {
        var request = new S3Request
        {
            Operation = operation,
            Method = method,
            Bucket = Bucket,
            Key = key,
            Query = S3Query.Empty,
            Headers = headers,
            Caller = new S3Caller(LocalOptions.DefaultKey),
            Body = body,
            RequestId = "demo",
            Address = new S3Address("http", "127.0.0.1", false),
        };
        await service.HandleAsync(request, new BufferedAnswer(), cancellationToken);
    }
}
