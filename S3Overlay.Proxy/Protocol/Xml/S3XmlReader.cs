using System.Buffers;
using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Xml;

/// <summary>
/// Reads the XML documents that clients send: bounded in size and depth, without entities or DTDs, namespaces ignored as S3 ignores them.
/// </summary>
public static class S3XmlReader
{
    /// <summary>
    /// The most a document may have, in bytes. The largest of the protocol, a CompleteMultipartUpload of 10,000 parts with checksums or a
    /// DeleteObjects of 1,000 long keys, stay below it.
    /// </summary>
    public const int Limit = 8 << 20;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,

        // Keys may hold control characters, which clients send as numeric references that XML 1.0 forbids.
        CheckCharacters = false,
        MaxCharactersInDocument = Limit,
    };

    /// <summary>Line ends in keys are references: a reader would make others of them.</summary>
    private static readonly XmlWriterSettings Written = new() { CheckCharacters = false, Encoding = new System.Text.UTF8Encoding(false),
        NewLineHandling = NewLineHandling.Entitize };

    /// <summary>Reads the whole body, so that all its checks have passed, and parses it. Null where the body is empty.</summary>
    /// <exception cref="S3Exception">MalformedXML; or what a check of the body found.</exception>
    public static async Task<XElement?> ReadAsync(S3Body body, CancellationToken cancellationToken)
    {
        if (body.Length > Limit)
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
                if (length > Limit)
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

    /// <summary>Parses a document that another service of this process answered.</summary>
    /// <exception cref="XmlException">It is none.</exception>
    public static XElement Parse(ReadOnlyMemory<byte> document)
    {
        using var stream = new MemoryStream(document.ToArray(), writable: false);
        using var reader = XmlReader.Create(stream, Settings);
        return XmlTree.Read(reader);
    }

    /// <summary>A document that was read, perhaps changed, as it goes on.</summary>
    public static byte[] ToBytes(XElement root)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, Written))
        {
            root.Save(writer);
        }

        return stream.ToArray();
    }

    /// <summary>The child elements of a name, whatever their namespace.</summary>
    public static IEnumerable<XElement> Children(this XElement parent, string name) =>
        parent.Elements().Where(e => e.Name.LocalName == name);

    /// <summary>The text of a child element, or null where there is none.</summary>
    public static string? ChildText(this XElement parent, string name) => parent.Children(name).FirstOrDefault()?.Value;

    private static S3Exception TooLarge() => new(S3Errors.MalformedXml, "The XML document is too large.");

    private static XElement Parse(byte[] buffer, int length, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = new MemoryStream(buffer, 0, length, writable: false);
            using var reader = XmlReader.Create(stream, Settings);
            return XmlTree.Read(reader, cancellationToken);
        }
        catch (XmlException)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }
    }
}
