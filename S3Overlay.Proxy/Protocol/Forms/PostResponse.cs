using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>The response to an upload form.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html, "Responses".</remarks>
internal static class PostResponse
{
    /// <summary>Sends what the form asks for: a redirect, 200, 201 with a document, or 204.</summary>
    /// <param name="request">The request that stored the object.</param>
    /// <param name="put">The service's response to it.</param>
    /// <param name="response">Where to.</param>
    public static async Task SendAsync(S3Request request, PostFields fields, BufferedResponse put, S3Response response,
        CancellationToken cancellationToken)
    {
        foreach (var header in put.Headers)
        {
            if (!header.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                && !header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
            {
                response.Headers[header.Key] = header.Value;
            }
        }

        var etag = put.Headers.ETag.ToString();
        if (Redirect(fields, request, etag) is { } page)
        {
            response.Status = StatusCodes.Status303SeeOther;
            response.Headers.Location = page;
            response.Headers.ContentLength = 0;
            return;
        }

        var location = request.Address.ObjectUrl(request.Bucket, request.Key);
        response.Headers.Location = HeaderText.FromText(location);
        response.Status = fields["success_action_status"] switch
        {
            "200" => StatusCodes.Status200OK,
            "201" => StatusCodes.Status201Created,
            _ => StatusCodes.Status204NoContent,
        };
        if (response.Status == StatusCodes.Status201Created)
        {
            var document = new S3XmlWriter().Open("PostResponse")
                .Element("Location", location).Element("Bucket", request.Bucket).Element("Key", request.Key).Element("ETag", etag)
                .Close("PostResponse");
            await document.SendAsync(request, response, cancellationToken);
        }
        else if (response.Status == StatusCodes.Status200OK)
        {
            response.Headers.ContentLength = 0;
        }
    }

    /// <summary>The page to redirect to; null for none, or one that a browser could not open.</summary>
    private static string? Redirect(PostFields fields, S3Request request, string etag)
    {
        // The second name is the older one.
        if ((fields["success_action_redirect"] ?? fields["redirect"]) is not { Length: > 0 } wanted
            || !Uri.TryCreate(wanted, UriKind.Absolute, out var page)
            || page.Scheme is not ("http" or "https"))
        {
            return null;
        }

        // Keep the client's spelling if it fits into a header, for clients that compare.
        var text = wanted.AsSpan().ContainsAnyExceptInRange('!', '~') ? page.AbsoluteUri : wanted;
        var hash = text.IndexOf('#', StringComparison.Ordinal);
        var (address, fragment) = hash < 0 ? (text, "") : (text[..hash], text[hash..]);
        return address + (address.Contains('?', StringComparison.Ordinal) ? "&" : "?")
            + "bucket=" + UriEncoding.EncodeComponent(request.Bucket)
            + "&key=" + UriEncoding.EncodeComponent(request.Key)
            + "&etag=" + UriEncoding.EncodeComponent(etag)
            + fragment;
    }
}
