using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Changes;

/// <summary>Reverts exactly the changes that were saved, as <c>revert --save</c> does: what was written since stays.</summary>
/// <param name="gateway">Calls the proxy.</param>
/// <param name="hasAdded">Whether keys that the remote does not have are reverted too.</param>
internal sealed class SavedRevert(ProxyGateway gateway, bool hasAdded)
{
    private const int Parallel = 16;

    /// <summary>What is done so far.</summary>
    public RevertDocument Done { get; private set; } = RevertDocument.None;

    /// <summary>Reverts them.</summary>
    /// <param name="keys">The changes.</param>
    /// <param name="progress">Gets how far it is, on any thread.</param>
    /// <param name="cancellationToken">Stops. What is done stays done.</param>
    /// <exception cref="ProxyError">The proxy refused one. Others may be done.</exception>
    public async Task RunAsync(
        IReadOnlyList<SavedKey> keys, Action<RevertDocument> progress, CancellationToken cancellationToken)
    {
        var gate = new Lock();
        await System.Threading.Tasks.Parallel.ForEachAsync(
            keys, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
            async (saved, token) =>
            {
                var query = new ProxyQuery().With("bucket", saved.Bucket).With("key", saved.Key).With("only", saved.Stamp)
                    .With("added", hasAdded);
                var one = await gateway.DoAsync<RevertDocument>("revert", query, null, token);
                lock (gate)
                {
                    Done = Done.Plus(one);
                }

                progress(Done);
            });
    }
}
