using System.Collections.Frozen;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Chooses the keys for requests to the store: the proxy's own, or the client's keys at the store (<see cref="ClientKey.Local"/>) in
/// buckets without a remote. So the store's ACLs and policies apply to each client. Connections are shared; each request has its own
/// signature.
/// </summary>
/// <param name="own">The proxy's own keys.</param>
/// <param name="ownReads">Reads the store with the proxy's own keys.</param>
/// <param name="clients">The clients' keys, with their keys at the store.</param>
/// <param name="readsOf">Reads the store with given keys.</param>
/// <param name="overlaid">The buckets with a remote, where the proxy uses its own keys. Null for none.</param>
internal sealed class StoreIdentities(CredentialSource own, IRemote ownReads, IEnumerable<ClientKey> clients,
    Func<CredentialSource, IRemote> readsOf, IRemoteBuckets? overlaid) : ILocalIdentities
{
    private readonly FrozenDictionary<string, (CredentialSource Keys, IRemote Reads)> _ofClients =
        clients.Where(client => client.Local is not null).ToFrozenDictionary(client => client.AccessKey, client =>
        {
            CredentialSource keys = _ => new(client.Local);
            return (keys, readsOf(keys));
        }, StringComparer.Ordinal);

    /// <inheritdoc/>
    public IRemote Own => ownReads;

    /// <inheritdoc/>
    public IRemote? Of(S3Caller caller) => _ofClients.TryGetValue(caller.AccessKey, out var theirs) ? theirs.Reads : null;

    /// <summary>True if the store alone has the bucket and judges access to it. Elsewhere the overlay has judged already.</summary>
    public bool IsStoresAlone(string bucket) => overlaid?.Find(bucket) is null;

    /// <summary>The keys for a caller's request about a bucket; an empty name means the service.</summary>
    public CredentialSource KeysFor(S3Caller caller, string bucket) =>
        _ofClients.Count > 0 && _ofClients.TryGetValue(caller.AccessKey, out var theirs) && IsStoresAlone(bucket) ? theirs.Keys : own;
}
