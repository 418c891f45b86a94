using System.Globalization;
using System.Text;

namespace S3Overlay.Promote.Wire;

/// <summary>
/// URLs of buckets and objects. Every byte of a key is kept. Buckets are host names at the clouds that want it, and paths elsewhere.
/// </summary>
internal sealed class WireAddress(Uri endpoint)
{
    /// <summary>Otherwise <see cref="Uri"/> would resolve <c>../</c> and decode escapes.</summary>
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private static readonly string[] Clouds = [".amazonaws.com", ".amazonaws.com.cn", ".aliyuncs.com", ".myqcloud.com"];

    private readonly bool _isCloud = Array.Exists(Clouds, cloud => endpoint.Host.EndsWith(cloud, StringComparison.OrdinalIgnoreCase));

    /// <summary>The region in an AWS host name; null for any other host.</summary>
    public static string? RegionOf(Uri endpoint) =>
        endpoint.Host.Split('.') is ["s3", var region, "amazonaws", ..] ? region : null;

    /// <summary>The URL of an object.</summary>
    public (Uri Uri, string Host, string Path) Of(string bucket, string key, string query, string region)
    {
        var host = RegionOf(endpoint) is { } old ? endpoint.Authority.Replace($"s3.{old}.", $"s3.{region}.", StringComparison.Ordinal)
            : endpoint.Authority;
        var isHost = _isCloud && !bucket.Contains('.', StringComparison.Ordinal);
        var path = endpoint.AbsolutePath.TrimEnd('/') + (isHost ? "" : "/" + Encode(bucket))
            + (key.Length == 0 ? "" : "/" + Encode(key, "/"));
        host = isHost ? $"{bucket}.{host}" : host;
        path = path.Length == 0 ? "/" : path;
        return (new Uri($"{endpoint.Scheme}://{host}{path}{(query.Length == 0 ? "" : "?" + query)}", AsItIs), host, path);
    }

    /// <summary>Escapes everything but unreserved characters, as S3's signatures require.</summary>
    /// <param name="also">Characters that stay as they are.</param>
    public static string Encode(string text, string also = "")
    {
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var each in Encoding.UTF8.GetBytes(text))
        {
            var c = (char)each;
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' || also.Contains(c, StringComparison.Ordinal))
            {
                encoded.Append(c);
            }
            else
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{each:X2}");
            }
        }

        return encoded.ToString();
    }
}
