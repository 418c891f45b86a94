using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Administration.Cache;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>
/// <c>promote</c>: sends changes to the remote. The command does it, with credentials of its own: a proxy has no code that writes to a
/// remote. That code is in S3Overlay.Promote, which is loaded when <see cref="SendAsync"/> runs.
/// </summary>
internal sealed class PromoteCommand : ProxyCommand
{
    private readonly Argument<string> _target =
        new("TARGET") { Description = "bucket, bucket/key or bucket/prefix/, also with s3:// before it." };

    private readonly Option<string?> _profile =
        new("--profile") { Description = "The AWS profile to write with.", HelpName = "PROFILE" };

    private readonly Option<string[]> _to = new("--to")
    {
        Description = "The AWS profile for one of several remotes, by its name in S3_OVERLAY_REMOTES.", HelpName = "NAME=PROFILE",
    };

    private readonly Option<Uri?> _endpoint = new("--to-endpoint")
    {
        Description = "The remote's URL for writes. Default: the one that the proxy reads from.", HelpName = "URL",
        CustomParser = ReadEndpoint,
    };

    private readonly Option<bool> _delete = new("--delete") { Description = "Send deletes too." };
    private readonly Option<bool> _force =
        new("--force") { Description = "Also replace what has changed on the remote: the version that it shows right before." };

    private readonly Option<bool> _keep = new("--keep") { Description = "Leave your version here when it has been sent." };
    private readonly Option<bool> _unchecked =
        new("--unchecked") { Description = "Send to a store without conditional writes: a write at the same moment can be lost." };

    private readonly Option<string[]> _include =
        new("--include") { Description = "Only keys that match: *.jpg, 2024/**. May be repeated.", HelpName = "GLOB" };

    private readonly Option<string[]> _exclude =
        new("--exclude") { Description = "No keys that match. May be repeated.", HelpName = "GLOB" };

    private readonly Option<int?> _transfers =
        new("--transfers") { Description = "Objects or parts sent at the same time. Default: 4.", HelpName = "N" };

    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask." };
    private readonly Option<bool> _dryRun = new("--dry-run", "-n") { Description = "List what would be sent, and send nothing." };

    public PromoteCommand(CommandContext context)
        : base(context, "promote", "Send your changes to the remote, and show the remote again.",
            "s3overlay promote photos --dry-run", "s3overlay promote photos/2024/ --profile prod --delete",
            "s3overlay promote photos --to eu=prod-eu --to us=prod-us --include '*.jpg' --yes")
    {
        Arguments.Add(_target);
        Array.ForEach<Option>(
            [_profile, _to, _endpoint, _delete, _force, _keep, _unchecked, _include, _exclude, _transfers, _yes, _dryRun], Options.Add);
        Validators.Add(line =>
        {
            foreach (var each in line.GetValue(_to) ?? [])
            {
                if (each.IndexOf('=', StringComparison.Ordinal) < 1 || each.EndsWith('='))
                {
                    line.AddError("--to needs NAME=PROFILE: the name of a remote, and an AWS profile.");
                }
            }

            try
            {
                _ = FilterOf(line);
            }
            catch (FormatException wrong)
            {
                line.AddError(wrong.Message);
            }

            if (line.GetValue(_transfers) is < 1 or > 256)
            {
                line.AddError("--transfers needs a number from 1 to 256.");
            }
        });
    }

    protected override Task<int> RunAsync(ParseResult line, ProxyClient proxy, CancellationToken cancellationToken) => SendAsync(new()
    {
        Target = Target.Parse(line.GetValue(_target)!),
        Profile = line.GetValue(_profile),
        Profiles = (line.GetValue(_to) ?? []).Select(static each => each.Split('=', 2))
            .GroupBy(static each => each[0], static each => each[1]).ToDictionary(static each => each.Key, static each => each.Last()),
        Endpoint = line.GetValue(_endpoint),
        Deletes = line.GetValue(_delete),
        Force = line.GetValue(_force),
        Keep = line.GetValue(_keep),
        Unchecked = line.GetValue(_unchecked),
        Filter = FilterOf(line),
        Transfers = line.GetValue(_transfers) ?? 4,
        IsConfirmed = line.GetValue(_yes),
        IsDryRun = line.GetValue(_dryRun),
    }, proxy, cancellationToken);

    /// <summary>Not inlined: its caller is compiled without S3Overlay.Promote.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Task<int> SendAsync(PromoteArguments arguments, ProxyClient proxy, CancellationToken cancellationToken) =>
        new PromoteRun(arguments, proxy, Screen).RunAsync(cancellationToken);

    private KeyFilter FilterOf(ParseResult line) => new(line.GetValue(_include) ?? [], line.GetValue(_exclude) ?? []);

    private KeyFilter FilterOf(CommandResult line) => new(line.GetValue(_include) ?? [], line.GetValue(_exclude) ?? []);

    private static Uri? ReadEndpoint(ArgumentResult argument)
    {
        if (Uri.TryCreate(argument.Tokens[0].Value, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https")
        {
            return endpoint;
        }

        argument.AddError("--to-endpoint needs a URL, such as https://s3.example.org.");
        return null;
    }
}

/// <summary>The command line of <c>promote</c>.</summary>
internal sealed record PromoteArguments
{
    public required Target Target { get; init; }

    public string? Profile { get; init; }

    public required IReadOnlyDictionary<string, string> Profiles { get; init; }

    public Uri? Endpoint { get; init; }

    public bool Deletes { get; init; }

    public bool Force { get; init; }

    public bool Keep { get; init; }

    public bool Unchecked { get; init; }

    public required KeyFilter Filter { get; init; }

    public int Transfers { get; init; }

    public bool IsConfirmed { get; init; }

    public bool IsDryRun { get; init; }
}
