using System.Buffers;
using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Xml;

/// <summary>
/// Reads XML documents from clients: limited in size and depth, without entities or DTDs, ignoring namespaces as S3 does.
/// </summary>
public static class S3XmlReader
{
    /// <summary>
    /// The size limit in bytes. The largest documents of the protocol are smaller: CompleteMultipartUpload with 10,000 parts and checksums,
    /// DeleteObjects with 1,000 long keys.
    /// </summary>
    public const int Limit = 8 << 20;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,

        // Keys may contain control characters, which clients send as numeric references that XML 1.0 forbids.
        CheckCharacters = false,
        MaxCharactersInDocument = Limit,
    };

    /// <summary>Line ends in keys stay references: a reader would normalise them.</summary>
    private static readonly XmlWriterSettings Written = new() { CheckCharacters = false, Encoding = new System.Text.UTF8Encoding(false),
        NewLineHandling = NewLineHandling.Entitize };

    /// <summary>Reads the whole body, so that all its checks run, and parses it. Null for an empty body.</summary>
    /// <exception cref="S3Exception">MalformedXML, or a failed check of the body.</exception>
    /// <param name="body">The body.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <param name="limit">The most bytes, if less than <see cref="Limit"/>.</param>
    public static async Task<XElement?> ReadAsync(S3Body body, CancellationToken cancellationToken, int limit = Limit)
    {
        if (body.Length > limit)
        {
            throw TooLarge();
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)(body.Length ?? 16384) + 1);
        try
        {
            var length = 0;
            int read;
            while ((read = await body.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
            {
                length += read;
                if (length > limit)
                {
                    throw TooLarge();
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            return length == 0 ? null : Parse(buffer, length, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Parses the response of another service in this process.</summary>
    /// <exception cref="XmlException">It is malformed.</exception>
    public static XElement Parse(ReadOnlyMemory<byte> document)
    {
        using var stream = new MemoryStream(document.ToArray(), writable: false);
        using var reader = XmlReader.Create(stream, NewSettings());
        return XmlTree.Read(reader);
    }

    /// <summary>Serialises a document.</summary>
    public static byte[] ToBytes(XElement root)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, Written))
        {
            root.Save(writer);
        }

        return stream.ToArray();
    }

    /// <summary>The child elements of a name, in any namespace.</summary>
    public static IEnumerable<XElement> Children(this XElement parent, string name) =>
        parent.Elements().Where(e => e.Name.LocalName == name);

    /// <summary>The text of a child element; null if there is none.</summary>
    public static string? ChildText(this XElement parent, string name) => parent.Children(name).FirstOrDefault()?.Value;

    private static XmlReaderSettings NewSettings()
    {
        var settings = Settings.Clone();
        settings.NameTable = new LimitedNames();
        return settings;
    }

    private static S3Exception TooLarge() => new(S3Errors.MalformedXml, "The XML document is too large.");

    private static XElement Parse(byte[] buffer, int length, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = new MemoryStream(buffer, 0, length, writable: false);
            using var reader = XmlReader.Create(stream, NewSettings());
            return XmlTree.Read(reader, cancellationToken);
        }
        catch (XmlException)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }
    }
}
