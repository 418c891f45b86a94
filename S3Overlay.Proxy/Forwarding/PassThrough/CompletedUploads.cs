using System.Net;
using System.Security;
using System.Text;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Rewrites the Location in the result of CompleteMultipartUpload, which the store builds from its own address. White space that keeps the
/// client waiting passes at once; only the document after it is buffered.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html</remarks>
internal static class CompletedUploads
{
    private const int Limit = 1 << 20;

    public static async Task SendAsync(Stream source, S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var document = new byte[16 << 10];
        var (length, sent) = (0, 0);
        while (await source.ReadAsync(document.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
            var ready = Prologue(document.AsSpan(0, length));
            if (ready > sent)
            {
                // The store's length would not match what is sent from here.
                response.Headers.ContentLength = null;
                await response.WriteAsync(document.AsMemory(sent, ready - sent), cancellationToken);
                sent = ready;
            }

            if (length == document.Length)
            {
                // White space that was sent need not be kept.
                if (sent == length)
                {
                    (length, sent) = (0, 0);
                    continue;
                }

                Array.Resize(ref document, length < Limit ? length * 2
                    : throw new InvalidDataException("The store's result of an upload is no such document."));
            }
        }

        var rest = Rewrite(Encoding.UTF8.GetString(document, sent, length - sent), request);
        if (!response.HasStarted)
        {
            response.Headers.ContentLength = rest.Length;
        }

        await response.WriteAsync(rest, cancellationToken);
    }

    /// <summary>The length of the white space and XML declaration at the beginning that can be sent at once.</summary>
    private static int Prologue(ReadOnlySpan<byte> document)
    {
        var end = 0;
        if (document.StartsWith("<?xml"u8))
        {
            end = document.IndexOf("?>"u8) + 2;
            if (end < 2)
            {
                return 0;
            }
        }

        while (end < document.Length && document[end] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            end++;
        }

        // A declaration directly followed by the document stays with it: then the whole has a length.
        return end == document.Length ? end : 0;
    }

    private static byte[] Rewrite(string document, S3Request request)
    {
        var start = document.IndexOf("<Location>", StringComparison.Ordinal) + "<Location>".Length;
        var end = document.IndexOf("</Location>", StringComparison.Ordinal);
        if (start < "<Location>".Length || end < start)
        {
            return Encoding.UTF8.GetBytes(document);
        }

        var location = SpellingOf(WebUtility.HtmlDecode(document[start..end]), request.Key) is { } spelling
            ? request.Address.UrlOf(request.Bucket, spelling) : request.Address.ObjectUrl(request.Bucket, request.Key);
        return Encoding.UTF8.GetBytes($"{document.AsSpan(0, start)}{SecurityElement.Escape(location)}{document.AsSpan(end)}");
    }

    /// <summary>
    /// The key at the end of a URL, in the store's encoding: some encode slashes, and a client may compare. Null if the key is not there.
    /// </summary>
    private static string? SpellingOf(string location, string key)
    {
        var host = location.IndexOf("://", StringComparison.Ordinal);
        for (var at = host < 0 ? -1 : host + 2; at < location.Length && (at = location.IndexOf('/', at + 1)) >= 0;)
        {
            if (UriEncoding.TryDecode(location.AsSpan(at + 1), out var decoded) && decoded == key)
            {
                return location[(at + 1)..];
            }
        }

        return null;
    }
}
