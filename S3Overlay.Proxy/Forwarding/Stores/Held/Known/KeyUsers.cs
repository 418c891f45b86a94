using System.Runtime.InteropServices;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Held.Known;

/// <summary>How many use the copy of each key; <see cref="LiveCopies"/>' own, under its lock.</summary>
internal sealed class KeyUsers
{
    private readonly Dictionary<ObjectName, int> _counts = [];

    /// <summary>One more.</summary>
    public void Enter(ObjectName name) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, name, out _)++;

    /// <summary>One less.</summary>
    public void Leave(ObjectName name)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(_counts, name) == 0)
        {
            _counts.Remove(name);
        }
    }

    /// <summary>Whether anybody does.</summary>
    public bool Any(ObjectName name) => _counts.ContainsKey(name);
}
