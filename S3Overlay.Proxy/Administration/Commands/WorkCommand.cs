using System.CommandLine;
using System.Text.Json;

using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>
/// A command that changes something: of a key, of what a prefix or bucket has, or of all buckets. It asks before it touches more than one
/// key.
/// </summary>
/// <typeparam name="T">Its progress and result.</typeparam>
internal abstract class WorkCommand<T> : ProxyCommand
    where T : class
{
    private readonly Argument<string?> _target =
        new("TARGET") { Description = "bucket, bucket/key or bucket/prefix/, also with s3:// before it.", Arity = ArgumentArity.ZeroOrOne };

    private readonly Option<string?> _prefix = new("--prefix") { Description = "Only keys with this prefix.", HelpName = "PREFIX" };
    private readonly Option<bool> _all = new("--all") { Description = "Every bucket." };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask." };
    private readonly Option<bool> _dryRun = new("--dry-run", "-n") { Description = "Say what would change, and change nothing." };
    private readonly string _method;

    /// <param name="context">What commands share.</param>
    /// <param name="method">The method, and the command's name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="needsBucket">True if it works on one bucket at a time.</param>
    /// <param name="examples">Command lines.</param>
    protected WorkCommand(
        CommandContext context, string method, string description, bool needsBucket, params IReadOnlyList<string> examples)
        : base(context, method, description, examples)
    {
        _method = method;
        Arguments.Add(_target);
        Options.Add(_prefix);
        if (!needsBucket)
        {
            Options.Add(_all);
        }

        Options.Add(_yes);
        Options.Add(_dryRun);
        Validators.Add(line =>
        {
            var isForAll = !needsBucket && line.GetValue(_all);
            if (line.GetValue(_target) is null && !isForAll)
            {
                line.AddError($"Name a bucket: {method} BUCKET" + (needsBucket ? "" : $". For every bucket: {method} --all"));
            }
        });
    }

    /// <summary>False if nothing is lost by it, so that it need not ask.</summary>
    protected virtual bool Asks => true;

    /// <summary>Adds parameters of its own options to a call.</summary>
    protected virtual Parameters AddTo(Parameters parameters, ParseResult line) => parameters;

    /// <summary>Does the work key by key, in place of one call; null if it does not. The question has been answered.</summary>
    protected virtual Task<T?> DoItselfAsync(
        ParseResult line, Target? target, ProxyClient proxy, CancellationToken cancellationToken) => Task.FromResult<T?>(null);

    /// <summary>How far the work is.</summary>
    protected abstract WorkState StateOf(T progress);

    /// <summary>The question before it is done.</summary>
    protected abstract string Ask(T planned);

    /// <summary>Prints the result and what to do next.</summary>
    /// <returns>The exit code.</returns>
    protected abstract Task<int> ShowAsync(T result, Target? target, bool isDryRun, ProxyClient proxy, CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected sealed override async Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken)
    {
        var target = line.GetValue(_target) is { } text ? Target.Parse(text) : null;
        if (line.GetValue(_prefix) is { } prefix && target is not null)
        {
            target = target with { Prefix = prefix };
        }

        var (isDryRun, isRaw) = (line.GetValue(_dryRun), Screen.IsForPrograms);
        var mustAsk = Asks && !isDryRun && !line.GetValue(_yes) && target is not { IsKey: true };
        T? planned = null;
        if (mustAsk)
        {
            planned = (await DoAsync(isDryRun: true)).As<T>();
            if (Ask(planned) is { Length: > 0 } question && !await Screen.ConfirmAsync(question, cancellationToken))
            {
                return ExitCodes.BadConfiguration;
            }
        }

        if (!isDryRun && await DoItselfAsync(line, target, proxy, cancellationToken) is { } own)
        {
            if (isRaw)
            {
                await Screen.WriteAsync(JsonSerializer.Serialize(own, AdministrationJson.Options));
            }

            return await ShowAsync(own, target, isDryRun, proxy, cancellationToken);
        }

        var result = await DoAsync(isDryRun);
        if (isRaw)
        {
            await Screen.WriteAsync(result.Text);
        }

        return await ShowAsync(result.As<T>(), target, isDryRun, proxy, cancellationToken);

        Task<ProxyLine> DoAsync(bool isDryRun) => Screen.ShowProgressAsync(show => proxy.DoAsync(
            _method,
            AddTo(new Parameters().With(target).With("all", target is null).With("dry-run", isDryRun), line),
            null,
            progress => show(InAll(StateOf(progress.As<T>()), isDryRun)),
            cancellationToken));

        // What a dry run has counted is known in advance.
        WorkState InAll(WorkState state, bool isDryRun) => isDryRun ? state with { Verb = "found" }
            : planned is null ? state
            : state with { All = StateOf(planned).Count, AllBytes = StateOf(planned).Bytes };
    }
}
