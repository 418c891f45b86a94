using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Hosting.Demo;

/// <summary>Generated objects for a sample remote: text, pictures, and one object of 200 MiB to read in ranges.</summary>
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

    /// <summary>Stores them, and prints progress. Objects that exist are left alone: a new date would make them a new version.</summary>
    /// <exception cref="S3Exception">The store refuses, or does not answer.</exception>
    public static async Task PutAsync(IS3Service service, TextWriter progress, CancellationToken cancellationToken)
    {
        if (await AskAsync(service, S3Operation.HeadBucket, "HEAD", "", [], new SampleBody(0),
            cancellationToken) == StatusCodes.Status404NotFound)
        {
            Check(await AskAsync(service, S3Operation.CreateBucket, "PUT", "", [], new SampleBody(0), cancellationToken),
                $"did not create the bucket {Bucket}");
        }

        foreach (var (key, size, contentType) in Objects)
        {
            if (await AskAsync(service, S3Operation.HeadObject, "HEAD", key, [], new SampleBody(0),
                cancellationToken) == StatusCodes.Status200OK)
            {
                await progress.WriteLineAsync($"s3://{Bucket}/{key} exists");
                continue;
            }

            await progress.WriteLineAsync($"storing s3://{Bucket}/{key} ({ByteSize.Format(size == 0 ? Hello.Length : size)})");
            var body = size == 0 ? new SampleBody(Hello) : new SampleBody(size);
            Check(await AskAsync(service, S3Operation.PutObject, "PUT", key, new HeaderDictionary { ["Content-Type"] = contentType }, body,
                cancellationToken), $"did not accept {key}");
        }
    }

    private static void Check(int status, string what)
    {
        if (status is not StatusCodes.Status200OK)
        {
            throw new S3Exception(S3Errors.InternalError, $"the store {what}: it answered {status}.");
        }
    }

    /// <summary>The status of the response. The built-in store throws refusals, an endpoint answers them.</summary>
    private static async Task<int> AskAsync(
        IS3Service service, S3Operation operation, string method, string key, HeaderDictionary headers, SampleBody body,
        CancellationToken cancellationToken)
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
            RequestId = "sample",
            Address = new S3Address("http", "127.0.0.1", false),
        };
        var answer = new BufferedResponse();
        try
        {
            await service.HandleAsync(request, answer, cancellationToken);
            return answer.Status;
        }
        catch (S3Exception refusal) when (refusal.Error.Status is StatusCodes.Status404NotFound)
        {
            return refusal.Error.Status;
        }
    }
}
