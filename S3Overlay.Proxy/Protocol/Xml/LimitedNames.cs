using System.Xml;

namespace S3Overlay.Proxy.Protocol.Xml;

/// <summary>
/// The names of one document: elements, attributes and namespaces. Fails if there are too many. A reader shows an element only once it has
/// all its attributes, and compares each with the others, so a limit on what it shows would come too late.
/// </summary>
internal sealed class LimitedNames : NameTable
{
    /// <summary>The most names. S3's documents have a few dozen.</summary>
    public const int Most = 1000;

    private int _count;

    /// <inheritdoc/>
    /// <exception cref="XmlException">There are too many names.</exception>
    public override string Add(char[] key, int start, int len)
    {
        Count(Get(key, start, len));
        return base.Add(key, start, len);
    }

    /// <inheritdoc/>
    /// <exception cref="XmlException">There are too many names.</exception>
    public override string Add(string key)
    {
        Count(Get(key));
        return base.Add(key);
    }

    private void Count(string? known)
    {
        if (known is null && ++_count > Most)
        {
            throw new XmlException($"The document has more than {Most} names.");
        }
    }
}
