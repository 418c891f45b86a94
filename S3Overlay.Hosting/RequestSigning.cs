using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Hosting;

/// <summary>
/// Signs a request without a body with AWS Signature Version 4, for the service s3
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Host, date and body are signed.
/// </summary>
internal static class RequestSigning
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string SignedHeaders = "host;x-amz-content-sha256;x-amz-date";

    /// <summary>SHA-256 of nothing.</summary>
    private const string EmptyBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>Adds the headers that sign the request as it is now.</summary>
    /// <param name="request">The request; its path and the parameters of its query are of characters that need no escaping.</param>
    /// <param name="accessKey">The access key.</param>
    /// <param name="secretKey">The secret key that belongs to it.</param>
    /// <param name="now">The time; the proxy allows 15 minutes to either side.</param>
    public static void Sign(HttpRequestMessage request, string accessKey, string secretKey, DateTimeOffset now)
    {
        var url = request.RequestUri!;
        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{time[..8]}/us-east-1/s3/aws4_request";
        var query = string.Join('&', url.Query.TrimStart('?').Split('&').Order(StringComparer.Ordinal));
        var canonical =
            $"{request.Method}\n{url.AbsolutePath}\n{query}\nhost:{url.Authority}\nx-amz-content-sha256:{EmptyBody}\n"
            + $"x-amz-date:{time}\n\n{SignedHeaders}\n{EmptyBody}";
        var toSign = $"{Algorithm}\n{time}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + secretKey), Hmac);
        var signature = Convert.ToHexStringLower(Hmac(key, toSign));
        request.Headers.Host = url.Authority;
        request.Headers.Add("x-amz-content-sha256", EmptyBody);
        request.Headers.Add("x-amz-date", time);
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"{Algorithm} Credential={accessKey}/{scope}, SignedHeaders={SignedHeaders}, Signature={signature}");
    }

    private static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}
