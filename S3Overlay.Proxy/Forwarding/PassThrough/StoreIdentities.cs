using System.Collections.Frozen;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// In whose name the store is asked: in the overlay's own, but for buckets that are the store's alone and clients that have keys there
/// (<see cref="ClientKey.Local"/>). So the store's access control lists and policies hold for each of them. Nothing of a client outlives
/// its request: connections are shared, each request has its own signature.
/// </summary>
internal sealed class StoreIdentities : ILocalIdentities
{
    private readonly ICredentialSource _own;
    private readonly IRemote _ownReads;
    private readonly IRemoteBuckets? _overlaid;
    private readonly FrozenDictionary<string, (ICredentialSource Keys, IRemote Reads)> _ofClients;

    /// <summary>The identities of some clients.</summary>
    /// <param name="own">The overlay's own keys.</param>
    /// <param name="ownReads">The store, read with them.</param>
    /// <param name="clients">The clients' keys, those at the store among them.</param>
    /// <param name="readsOf">Reads the store with given keys.</param>
    /// <param name="overlaid">Which buckets have a remote: there the overlay keeps its state, and acts in its own name. Null for
    /// none.</param>
    public StoreIdentities(
        ICredentialSource own, IRemote ownReads, IEnumerable<ClientKey> clients, Func<ICredentialSource, IRemote> readsOf,
        IRemoteBuckets? overlaid)
    {
        (_own, _ownReads, _overlaid) = (own, ownReads, overlaid);
        _ofClients = clients.Where(client => client.Local is not null).ToFrozenDictionary(
            client => client.AccessKey,
            client =>
            {
                ICredentialSource keys = new FixedCredentials(client.Local);
                return (keys, readsOf(keys));
            },
            StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public IRemote Own => _ownReads;

    /// <inheritdoc/>
    public IRemote? Of(S3Caller caller) => _ofClients.TryGetValue(caller.AccessKey, out var theirs) ? theirs.Reads : null;

    /// <summary>
    /// Whether a bucket is the store's alone, which then judges who may do what there; elsewhere the overlay has judged, and asks in its
    /// own name.
    /// </summary>
    public bool IsStoresAlone(string bucket) => _overlaid?.Find(bucket) is null;

    /// <summary>What to sign a caller's request about a bucket with (the empty string: about the service).</summary>
    public ICredentialSource KeysFor(S3Caller caller, string bucket) =>
        _ofClients.Count > 0 && _ofClients.TryGetValue(caller.AccessKey, out var theirs) && IsStoresAlone(bucket) ? theirs.Keys : _own;
}
