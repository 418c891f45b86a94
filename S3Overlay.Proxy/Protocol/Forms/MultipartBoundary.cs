using Microsoft.Net.Http.Headers;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>Finds the boundary in a form's <c>Content-Type</c>.</summary>
internal static class MultipartBoundary
{
    /// <summary>RFC 2046 allows 70 characters; some clients send a few more.</summary>
    private const int MaxLength = 200;

    /// <summary>The boundary, without its leading hyphens.</summary>
    /// <exception cref="S3Exception">MalformedPOSTRequest.</exception>
    public static string Of(string? contentType)
    {
        if (MediaTypeHeaderValue.TryParse(contentType, out var type)
            && HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 and <= MaxLength } boundary
            && !boundary.AsSpan().ContainsAny('\r', '\n'))
        {
            return boundary;
        }

        throw new S3Exception(S3Errors.MalformedPostRequest, "The Content-Type of a form must be multipart/form-data with a boundary.");
    }
}
