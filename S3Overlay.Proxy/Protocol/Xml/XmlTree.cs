using System.Xml;
using System.Xml.Linq;

namespace S3Overlay.Proxy.Protocol.Xml;

/// <summary>
/// Builds the tree of a document in one pass, and fails if it is too deep. <see cref="XElement.Load(XmlReader)"/> has no such limit and
/// walks to the root for each node it adds: a small document of nested elements costs the square of their number.
/// </summary>
public sealed class XmlTree
{
    /// <summary>The most levels of elements. S3's documents have up to seven.</summary>
    public const int MaxDepth = 32;

    /// <summary>The most attributes of an element. S3's documents have up to three.</summary>
    public const int MaxAttributes = 32;

    /// <summary>
    /// The most nodes: elements and texts. A list of 10,000 parts with all their checksums has a quarter million, and each costs memory.
    /// </summary>
    public const int MaxNodes = 500_000;

    private XElement? _root;
    private int _nodes;

    /// <summary>The innermost element that is still open; null outside of the root.</summary>
    private XElement? _open;

    private XmlTree()
    {
    }

    /// <summary>Parses a document in memory.</summary>
    /// <exception cref="XmlException">It is malformed, or has too many levels, attributes or nodes.</exception>
    public static XElement Read(XmlReader reader, CancellationToken cancellationToken = default)
    {
        var tree = new XmlTree();
        while (reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            tree.Add(reader, IsText(reader) ? reader.Value : "");
        }

        return tree.Root();
    }

    /// <summary>Parses a document as it arrives.</summary>
    /// <exception cref="XmlException">It is malformed, or has too many levels, attributes or nodes.</exception>
    public static async Task<XElement> ReadAsync(XmlReader reader, CancellationToken cancellationToken)
    {
        var tree = new XmlTree();
        while (await reader.ReadAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();
            tree.Add(reader, IsText(reader) ? await reader.GetValueAsync() : "");
        }

        return tree.Root();
    }

    private static bool IsText(XmlReader reader) =>
        reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace;

    private XElement Root() => _root ?? throw new XmlException("There is no root element.");

    private void Add(XmlReader reader, string text)
    {
        if (reader.NodeType != XmlNodeType.EndElement && ++_nodes > MaxNodes)
        {
            throw new XmlException($"The document has more than {MaxNodes} elements and texts.");
        }

        switch (reader.NodeType)
        {
            case XmlNodeType.Element:
                Open(reader);
                break;
            case XmlNodeType.EndElement:
                _open = _open!.Parent;
                break;
            case XmlNodeType.CDATA:
                _open!.Add(new XCData(text));
                break;
            case XmlNodeType.Text or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                _open?.Add(new XText(text));
                break;
        }
    }

    private void Open(XmlReader reader)
    {
        if (reader.Depth >= MaxDepth || reader.AttributeCount > MaxAttributes)
        {
            throw new XmlException($"An element is more than {MaxDepth} levels deep, or has more than {MaxAttributes} attributes.");
        }

        var element = new XElement(XNamespace.Get(reader.NamespaceURI).GetName(reader.LocalName));
        var isEmpty = reader.IsEmptyElement;
        while (reader.MoveToNextAttribute())
        {
            // The tree puts the declaration of a default namespace into no namespace.
            var space = reader.Prefix.Length == 0 ? XNamespace.None : XNamespace.Get(reader.NamespaceURI);
            element.Add(new XAttribute(space.GetName(reader.LocalName), reader.Value));
        }

        reader.MoveToElement();
        if (_open is null)
        {
            _root = element;
        }
        else
        {
            _open.Add(element);
        }

        _open = isEmpty ? _open : element;
    }
}
