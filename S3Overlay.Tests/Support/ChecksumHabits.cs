using System.Collections.Concurrent;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Tests.Support;

/// <summary>How known stores handle checksums and framing, simulated on a correct store.</summary>
internal static class ChecksumHabits
{
    /// <summary>Everything is right.</summary>
    public const string Good = "good";

    /// <summary>Returns <c>Content-Encoding: aws-chunked</c> as if it were the object's (Versity, RGW).</summary>
    public const string KeepsEncoding = "keeps the encoding";

    /// <summary>Recognises frames only if their encoding is named.</summary>
    public const string NeedsEncoding = "needs the encoding";

    /// <summary>Recognises frames only if their encoding is named, and returns that name.</summary>
    public const string NeedsAndKeepsEncoding = "needs and keeps the encoding";

    /// <summary>Accepts no trailers (Scality, older versions of MinIO).</summary>
    public const string NoTrailers = "no trailers";

    /// <summary>Stores a checksum only if its algorithm is named separately (older versions of RGW).</summary>
    public const string NeedsAlgorithm = "needs the algorithm";

    /// <summary>Rejects the newest checksum algorithms of S3, as headers and as trailers.</summary>
    public const string NoLateKinds = "no late kinds";

    /// <summary>All behaviours that concern the form.</summary>
    public static readonly string[] All = [Good, KeepsEncoding, NeedsEncoding, NeedsAndKeepsEncoding, NoTrailers, NeedsAlgorithm];

    /// <summary>Gives a store this behaviour.</summary>
    public static void Play(StoreServer store, string habit)
    {
        var marked = new ConcurrentDictionary<string, bool>();
        if (habit is KeepsEncoding or NeedsAndKeepsEncoding)
        {
            store.Alter = request => marked[request.Path] = request.Method == "PUT" ? IsNamed(request)
                : marked.GetValueOrDefault(request.Path);
            store.Dress = context =>
            {
                if (context.Request.Method is "GET" or "HEAD" && context.Response.StatusCode == 200
                    && marked.GetValueOrDefault(context.Request.Path))
                {
                    context.Response.Headers.ContentEncoding = "aws-chunked";
                }
            };
        }

        if (habit is NeedsEncoding or NeedsAndKeepsEncoding)
        {
            store.Refuse = request => request.Headers.ContainsKey("x-amz-trailer") && !IsNamed(request) ? 400 : null;
        }
        else if (habit == NoTrailers)
        {
            store.Refuse = request => request.Headers.ContainsKey("x-amz-trailer") ? 400 : null;
        }
        else if (habit == NoLateKinds)
        {
            store.Refuse = request =>
                request.Headers.Any(static header => header.Key is "x-amz-trailer" or "x-amz-sdk-checksum-algorithm"
                    && IsLate(header.Value.ToString()) || IsLate(header.Key)) ? 400 : null;
        }
        else if (habit == NeedsAlgorithm)
        {
            store.Alter = request => marked[request.Path] = request.Method == "PUT"
                ? request.Headers.ContainsKey("x-amz-sdk-checksum-algorithm") : marked.GetValueOrDefault(request.Path);
            store.Dress = context =>
            {
                if (!marked.GetValueOrDefault(context.Request.Path))
                {
                    context.Response.Headers.Remove("x-amz-checksum-crc32");
                }
            };
        }
    }

    private static bool IsLate(string name) => name.Contains("xxhash", StringComparison.OrdinalIgnoreCase);

    private static bool IsNamed(HttpRequest request) => request.Headers.ContentEncoding.ToString()
        .Contains("aws-chunked", StringComparison.Ordinal);
}
