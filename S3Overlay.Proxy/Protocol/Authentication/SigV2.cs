using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>What AWS Signature Version 2 signs, in the form S3 has it.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html</remarks>
internal static class SigV2
{
    private const string AmzPrefix = "x-amz-";

    /// <summary>
    /// The parameters that are signed over. All others may be changed by whoever holds a link, so every one that chooses what is asked for
    /// is here, those too that came up after this way of signing.
    /// </summary>
    private static readonly HashSet<string> SignedParameters = new(SubResources.All, StringComparer.Ordinal)
    {
        "defaultObjectAcl", "partNumber", "storageClass", "versionId", "response-cache-control", "response-content-disposition",
        "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires",
    };

    /// <summary>The string to sign, its bytes as Latin-1.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path, still encoded.</param>
    /// <param name="hostBucket">The bucket that the host names; empty where the path names it.</param>
    /// <param name="query">The query.</param>
    /// <param name="headers">The headers, with those that a link has in its query.</param>
    /// <param name="date">The <c>Date</c> header, empty where there is an <c>x-amz-date</c>; of a link, when it ends.</param>
    public static string StringToSign(string method, string path, string hostBucket, S3Query query, IHeaderDictionary headers, string date)
    {
        var text = new StringBuilder(method).Append('\n')
            .Append(headers["Content-MD5"].ToString()).Append('\n')
            .Append(headers.ContentType.ToString()).Append('\n')
            .Append(date).Append('\n');
        foreach (var header in headers
            .Where(static header => header.Key.StartsWith(AmzPrefix, StringComparison.OrdinalIgnoreCase))
            .OrderBy(static header => header.Key.ToLowerInvariant(), StringComparer.Ordinal))
        {
            text.Append(header.Key.ToLowerInvariant()).Append(':').AppendJoin(',', header.Value.Select(static value => value?.Trim()))
                .Append('\n');
        }

        if (hostBucket.Length > 0)
        {
            text.Append('/').Append(hostBucket);
        }

        text.Append(path);
        var mark = '?';
        foreach (var (name, value) in query.Parameters.Where(static one => SignedParameters.Contains(one.Key))
            .OrderBy(static one => one.Key, StringComparer.Ordinal))
        {
            text.Append(mark).Append(name);
            if (!string.IsNullOrEmpty(value))
            {
                text.Append('=').Append(HeaderText.FromText(value));
            }

            mark = '&';
        }

        return text.ToString();
    }

    /// <summary>Whether a signature, in base64, is the one this secret gives a text. Takes as long for any wrong one.</summary>
    public static bool Holds(string secret, string stringToSign, string signature)
    {
        Span<byte> expected = stackalloc byte[HMACSHA1.HashSizeInBytes];
        Span<byte> claimed = stackalloc byte[HMACSHA1.HashSizeInBytes];
        HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.Latin1.GetBytes(stringToSign), expected);
        return Convert.TryFromBase64String(signature, claimed, out var length)
            && length == claimed.Length
            && CryptographicOperations.FixedTimeEquals(expected, claimed);
    }
}
