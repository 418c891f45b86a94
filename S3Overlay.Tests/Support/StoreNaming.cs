using System.Text;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The names that stores refuse, and their errors, according to their sources, for <see cref="StoreServer.Fail"/>. They are refused in
/// reads and deletes, too.
/// </summary>
internal static class StoreNaming
{
    /// <summary>A store on a file system limits the bytes of a name between two slashes.</summary>
    private const int LongestSegment = 255;

    /// <summary>As the store of that name does.</summary>
    public static Func<HttpRequest, (int Status, string Code)?> Of(string store) => store switch
    {
        "minio" => AsMinio,
        "versity" => AsVersity,
        "scality" => AsScality,
        _ => throw new ArgumentOutOfRangeException(nameof(store)),
    };

    /// <summary>
    /// MinIO: no segments <c>.</c> and <c>..</c>, in queries either, and none that are empty (generic-handlers.go, object-api-utils.go).
    /// </summary>
    private static (int Status, string Code)? AsMinio(HttpRequest request)
    {
        var target = TargetOf(request);
        var query = S3Query.Parse(target.RawQuery);
        if (HasDots(target.Key)
            || query.Parameters.Any(static one => one.Key != "delimiter" && one.Value is not null && HasDots(one.Value)))
        {
            return (400, "XMinioInvalidResourceName");
        }

        if (target.Bucket.Any(char.IsAsciiLetterUpper))
        {
            return (400, "InvalidBucketName");
        }

        var isRefused = target.Key.Contains("//", StringComparison.Ordinal)
            || (target.Key.Length == 0 && query["prefix"] is { } prefix && prefix.Contains("//", StringComparison.Ordinal))
            || HasLongSegment(target.Key);
        return isRefused ? (400, "XMinioInvalidObjectName") : null;
    }

    /// <summary>Versity: no path out of the bucket, no segment that its file system does not take (name_validate.go, posix.go).</summary>
    private static (int Status, string Code)? AsVersity(HttpRequest request)
    {
        var target = TargetOf(request);
        return target.Bucket.Any(char.IsAsciiLetterUpper) ? (400, "InvalidBucketName")
            : target.Key is "." or ".." || target.Key.StartsWith("../", StringComparison.Ordinal) ? (400, "400")
            : HasLongSegment(target.Key) ? (400, "KeyTooLongError")
            : null;
    }

    /// <summary>Scality: no key of more than 915 bytes (Arsenal's routesUtils.ts).</summary>
    private static (int Status, string Code)? AsScality(HttpRequest request) =>
        Encoding.UTF8.GetByteCount(TargetOf(request).Key) > 915 ? (400, "KeyTooLong") : null;

    private static RequestTarget TargetOf(HttpRequest request) =>
        RequestTarget.Parse(request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, "", "");

    private static bool HasDots(string name) => name.Split('/', '\\').Any(static segment => segment.Trim() is "." or "..");

    private static bool HasLongSegment(string name) =>
        name.Split('/').Any(static segment => Encoding.UTF8.GetByteCount(segment) > LongestSegment);
}
