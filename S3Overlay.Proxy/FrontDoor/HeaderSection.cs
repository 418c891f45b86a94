using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>The size limit of a request's headers: 8 KB, as in S3.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html</remarks>
internal static class HeaderSection
{
    /// <summary>The limit for the names and values of all headers together.</summary>
    public const int MaxBytes = 8 * 1024;

    /// <summary>Rejects a request with larger headers.</summary>
    /// <exception cref="S3Exception">RequestHeaderSectionTooLarge.</exception>
    public static void Check(IHeaderDictionary headers)
    {
        // A character is a byte here: header values are read as Latin-1.
        var size = 0;
        foreach (var (name, values) in headers)
        {
            for (var i = 0; i < values.Count; i++)
            {
                size += name.Length + (values[i]?.Length ?? 0);
            }
        }

        if (size > MaxBytes)
        {
            throw new S3Exception(S3Errors.RequestHeaderSectionTooLarge)
                { Details = [new("MaxSizeAllowed", MaxBytes.ToString(CultureInfo.InvariantCulture))] };
        }
    }
}
