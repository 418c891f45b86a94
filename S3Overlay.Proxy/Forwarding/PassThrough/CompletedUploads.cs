using System.Security;
using System.Text;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// The result of CompleteMultipartUpload, whose Location the store builds from its own address. The white space that keeps a client waiting for a long completion
/// passes at once; only the document behind it is kept back, to be read.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html</remarks>
internal static class CompletedUploads
{
    private const int Limit = 1 << 20;

    /// <summary>Sends the document.</summary>
    public static async Task SendAsync(Stream source, S3Request request, S3Answer answer, CancellationToken cancellationToken)
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

                Array.Resize(ref document, length < Limit ? length * 2 : throw new InvalidDataException("The store's result of an upload is no such document."));
            }
        }

        var rest = Rewrite(Encoding.UTF8.GetString(document, sent, length - sent), request.Address.ObjectUrl(request.Bucket, request.Key));
        if (!answer.HasStarted)
        {
            answer.Headers.ContentLength = rest.Length;
        }

        await answer.WriteAsync(rest, cancellationToken);
    }

    /// <summary>How much of a document's beginning is white space or XML declaration, as far as can be told yet; nothing of a document that came in one piece need wait.</summary>
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

    private static byte[] Rewrite(string document, string location)
    {
        var start = document.IndexOf("<Location>", StringComparison.Ordinal);
        var end = document.IndexOf("</Location>", StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(
            start < 0 || end < start ? document : $"{document.AsSpan(0, start + "<Location>".Length)}{SecurityElement.Escape(location)}{document.AsSpan(end)}");
    }
}
