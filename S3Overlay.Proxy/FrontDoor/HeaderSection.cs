using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>The limit on a request's headers: 8 KB in all, as in S3.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html</remarks>
internal static class HeaderSection
{
    /// <summary>The most bytes that the names and values of all headers may have together.</summary>
    public const int MaxBytes = 8 * 1024;

    /// <summary>Refuses a request with more.</summary>
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
