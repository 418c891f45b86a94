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
    /// The signed parameters. The holder of a link can change any other, so every parameter that selects what is read or written is listed,
    /// including those newer than this signature version.
    /// </summary>
    private static readonly HashSet<string> SignedParameters = new(SubResources.All, StringComparer.Ordinal)
    {
        "defaultObjectAcl", "partNumber", "storageClass", "versionId", "response-cache-control", "response-content-disposition",
        "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires",
    };

    /// <summary>The string to sign, each byte one Latin-1 character.</summary>
    /// <param name="path">The path, still encoded.</param>
    /// <param name="hostBucket">The bucket that the host names; empty if the path names it.</param>
    /// <param name="headers">The headers, including those that a link has in its query.</param>
    /// <param name="date">The <c>Date</c> header, empty if there is an <c>x-amz-date</c>; for a link, its expiry.</param>
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

    /// <summary>Whether a base64 signature is the right one. Takes the same time for every wrong one.</summary>
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
