using System.Net;
using System.Security;
using System.Text;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// The result of CompleteMultipartUpload, whose Location the store builds from its own address. The white space that keeps a client waiting
/// for a long completion passes at once; only the document behind it is kept back, to be read.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html</remarks>
internal static class CompletedUploads
{
    private const int Limit = 1 << 20;

    /// <summary>Sends the document.</summary>
    public static async Task SendAsync(Stream source, S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        var document = new byte[16 << 10];
        var (length, sent) = (0, 0);
        while (await source.ReadAsync(document.AsMemory(length), cancellationToken) is > 0 and var read)
        {
            length += read;
            var ready = Prologue(document.AsSpan(0, length));
            if (ready > sent)
            {
                // A length that the store announced would not be that of what is sent from here.
                answer.Headers.ContentLength = null;
                await answer.WriteAsync(document.AsMemory(sent, ready - sent), cancellationToken);
                sent = ready;
            }

            if (length == document.Length)
            {
                // White space that has gone out need not be kept.
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
        if (!answer.HasStarted)
        {
            answer.Headers.ContentLength = rest.Length;
        }

        await answer.WriteAsync(rest, cancellationToken);
    }

    /// <summary>
    /// How much of a document's beginning is white space or XML declaration, as far as can be told yet; nothing of a document that came in
    /// one piece need wait.
    /// </summary>
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

        // A declaration with the document right behind it stays with it: the whole can then have a length.
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
            ? request.Address.UrlOf(request.Bucket, spelling)
            : request.Address.ObjectUrl(request.Bucket, request.Key);
        return Encoding.UTF8.GetBytes($"{document.AsSpan(0, start)}{SecurityElement.Escape(location)}{document.AsSpan(end)}");
    }

    /// <summary>
    /// How a store spells the key at the end of an address: behind its host name, or behind the bucket. Some encode slashes and some do
    /// not, and a client may compare. Null where the key is not there.
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
