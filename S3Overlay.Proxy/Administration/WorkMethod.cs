using System.Text.Json;

namespace S3Overlay.Proxy.Administration;

/// <summary>
/// A method that may work for long. It returns lines of JSON: its progress every two seconds with <c>"done":false</c>, and the result with
/// <c>"done":true</c>. See <see cref="ProgressResponses"/>.
/// </summary>
/// <typeparam name="T">Progress and result.</typeparam>
internal abstract class WorkMethod<T>(string name, string summary) : Method("POST", name, summary)
    where T : class
{
    /// <inheritdoc/>
    public override string ContentType => ProgressResponses.ContentType;

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Responses => [typeof(T)];

    /// <inheritdoc/>
    public sealed override async Task<MethodOutcome> RunAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var work = Begin(call);
        var failure = await new ProgressResponses(call.Time).RunAsync(
            token => RunAsync(work, call, token),
            json =>
            {
                foreach (var member in JsonSerializer.SerializeToElement(work.Progress(), AdministrationJson.Options).EnumerateObject())
                {
                    member.WriteTo(json);
                }
            },
            call.Request, call.Response, cancellationToken);
        return new MethodOutcome(work.Progress().ToString()!, failure);
    }

    /// <summary>Work on a bucket or key that no layer has is an error.</summary>
    private static async Task RunAsync(Work work, MethodCall call, CancellationToken cancellationToken)
    {
        if (work.IsChecked)
        {
            await call.Targets.RequireAsync(call.Parameters.Target, cancellationToken);
        }

        await work.RunAsync(cancellationToken);
        if (work.FoundNothing?.Invoke() == true)
        {
            await call.Targets.RequireAsync(call.Parameters.Target, cancellationToken);
        }
    }

    /// <summary>Reads the parameters and prepares the work.</summary>
    protected abstract Work Begin(MethodCall call);

    /// <summary>The work, and how far it is.</summary>
    /// <param name="RunAsync">Does the work.</param>
    /// <param name="Progress">How far it is. Called while it runs.</param>
    protected sealed record Work(Func<CancellationToken, Task> RunAsync, Func<T> Progress)
    {
        /// <summary>True after the work if there was nothing to do, so that the target may not exist.</summary>
        public Func<bool>? FoundNothing { get; init; }

        /// <summary>True if the target must exist before the work.</summary>
        public bool IsChecked { get; init; }
    }
}
