"""How common words are, in bits: a word of level n makes up one in 2**n words of ordinary English posts.

Source: counted over the titles of umbrae/reddit-top-2.5-million (2005 to 2013, public domain dedication), the half
whose SHA-256 is even; figures are judged on the other half. What is in no level is rarer than all of them.
"""

from __future__ import annotations

_LEVELS = {
    5: """
a the
""",
    6: """
and for i in my of to
""",
    7: """
from is it on this with you
""",
    8: """
about an are at be by do have how just me new r so that was what your
""",
    9: """
1 2 after all any anyone as but can day dont first get good got has help here his if im its know like made
more no not now one or out post some think time today up we when who why will would x
""",
    10: """
10 3 4 5 am amp back been being best cant could did does down ever favorite feel found free friend game go
going great guy guys had he her into ive last life little look looking love make man most much need off old
only other our over people please really reddit right see should show someone than their them there these
they thought too two us use video want way were where while work world year years
""",
    11: """
0 000 11 12 20 2012 2013 30 50 6 7 8 9 advice again ago album always ama american another around art away
awesome bad because before better big birthday black book buy c car check city come comments d days didnt
doesnt doing done during else end even every everyone f few finally find friends full funny games gets
getting girl give google happy heres hey high him home house id idea inside job lets live long makes making
many may might months movie music never news next night online open own part photo pics picture place play
playing pretty project put question read real request s saw say says school season seen set share she since
something spoilers start state still stop story subreddit sure take team tell thanks then thing things those
through took top trying u update used using very vs war week well went whats which without xpost youre
youtube
""",
    12: """
100 13 14 15 16 18 2011 24 25 99 actually against age almost already also amazing america anybody anything
app area article ask asked attempt available b baby bar based beautiful become beer behind believe between
bill bit blue books both bought box brother build building built business cake call called came camera
canada card care case cat change character christmas class code collection college com comic coming
community company complete computer control cool country couple cover current dad dae daily dark data date
de dead deal death decided design different discussion dog dream drive e each early earth easy edition enjoy
enough episode etc everything experience explain face facebook family fan fans far feedback film final
finished fire food front fuck fun future gaming gay gif gift girlfriend girls god goes gold government green
group gt guess guide gun h half hand happened hard hate havent having head heard hell hes history hit hope
hot hours human ideas ill image instead interested interesting internet interview isnt john keep kids kill
kind law learn left less let level light line link linux list living local looks lost lot low m major map
maybe meet men metal million mind mine minutes mod moment money month morning must myself name near needs
nice non north nothing o obama offer official oh order original page park party past paul pay pc perfect
person phone photos pic pictures piece player players point police possible posted posts power present pro
probably problem problems public questions quick re reading reason recently red redditor release released
remember review rock room run running said sale same san save science second secret self series server shirt
shit short shot shows side sign simple single site small song soon south space star started starting states
steam store street student study stuff style sub such suggestions summer super support system t taken taking
talk test thank thats theory theres thinking thoughts thread three til times tips together told tomorrow
tonight trailer tried trip true try turn tv twitter uk under until version videos view vote w wait wall
wallpaper wanted wants watch watching water web website wedding weekend weeks welcome white wife win windows
wish woman women wont word words working works worth writing wrong xbox yes yesterday yet young
""",
    13: """
00 17 19 1920x1080 1st 200 2010 21 22 23 26 27 28 29 360 3d 40 4th 500 60 75 able absolutely access account
across act action ad add air alone along amazon americans analysis android answer anti apartment apparently
apple appreciate appreciated april arent army artist atheism attack attention audio australia background bag
ball ban band bank basic batman battle bay beach bear beat beauty bed beta biggest bike blog blood blues
board body boss boston boy boyfriend brain brand break breaking bring british broke broken brothers brought
buddy budget bug buying california calls campaign cannot cards cars castle cats caught cause center century
challenge chance changed changes channel characters cheap cheese chicago chicken child children china
chinese choice chrome classic clean climate close club cmv co coffee cold color comedy comes comment common
completely content contest cost couldnt course court crazy create created credit critique cross cup
currently custom cut cute damn daughter david dear deck deep desktop destiny details detroit development die
died difference digital dinner discovered diy doctor documentary door double download dr dragon draw drawing
dress drew drink driving drop drunk due east eat eating effect email ends energy english entire ep epic
event evil evolution exactly excited explains eye eyes fall fantasy fast fat father favourite feature
federal feeling feels fellow felt female festival field fight figure figured file files finding finds fine
fish fit five fix fixed flag flash florida follow football forever forget form former four fox french friday
friendly ft fucking g gave gear general george german germany gf giant gifs given gives giving glass global
goal gone gonna greatest growing guns hair halloween hands happen happens hd health hear heart hello hi
himself hold holy hour huge ice ii images important improve including indie info information inspired
interest international ipad iphone iron island issue issues j jack james japan japanese java jesus jobs joe
johnson join july june k karma key keyboard keys kickstarter kid killed king knew knife known knows la
ladies lady lake language laptop large late later latest launch league learned learning least leave letter
library likes links listen logo london longer looked lord lose lots lpt lt mac machine magic mail main male
maps march marijuana mark market marriage master match math matter mean means media medical meetup memory
message met meta mfw michael microsoft middle military minecraft mini minute miss missed missing mix mobile
mode model modern mods mom monday moon mother mountain move movies moving mr n national natural needed
network normal noticed nsa number nyc oc office often oil ok okay once ones op opening opinion opinions os
others outside p pack paid paint painted painting paper parents parts pass passed patch pdf pen per
performance personal philosophy pi pick picked pizza places plan planning plans plant played plus pokemon
political politics poor pop popular possibly poster posting practice pre president price prime process
program programming progress proud ps3 psa quality quite race radio rage rally random rate rather reaction
ready reasons recent recipe recommend record redditors regarding related relationship reminder remix report
repost research response rest results return ride rights river road ron round rules sad safe saturday saying
scene scientists screen sea search security seeing seem seems sell sense sent serious seriously service
setup shake shes shipping shop shower showing sick similar sister six size skin sleep slow smile snow social
software solar solo sometimes son songs sorry sound source special speed spent spider spoiler spot spring st
stand standard station stay step stories straight stream stuck students stupid suggestion sun sunday survey
survival sweet table takes talking tank tattoo tax tea teacher tech technology tells texas text theme theyre
thinks third though tiny tip title todays tool tour town track trade train training travel tree trees
trouble truck truth turned turns tutorial type ultimate understand united universe university updated upvote
usa useful user users uses v via voice waiting walk walking wallpapers warning wars wasnt ways wear wearing
weekly weight weird west whole whos wii wild wine wins winter within won wonder worlds worst wow write wrote
wtf yeah york yourself youve zombie
""",
    14: """
01 04 05 06 07 08 1000 101 150 2000 2007 2008 2009 2nd 300 31 32 33 35 36 39 3rd 400 45 49 5th 64 70 80 90
95 ability abortion above accepted accident accidentally according acting active actual adam added adding
address adorable ads adult advanced adventure afraid africa afternoon agent agree ahead ai aint airport aka
al alex alien alive allow allowed alpha alright alternative amendment americas among amount ancient angry
animal animals animated anime anniversary announced announcement announces annoying anonymous anxiety
anymore anyway anywhere apart api apocalypse application approach apps arcade arch argument arizona arm arma
arms arrested arrived artists arts asking askreddit asks atheist attacks august australian author autism
auto avengers average avoid award awkward aww babies backpacking bacon badass bands banjo banned base bass
bathroom battery bbc bears beats became becomes becoming bedroom begin beginner beginners beginning begins
belongs ben benefits beyond bigger billion bird birds birth bitch blade blind block boat bob bomb bonus boot
bored born bottle bottom bowl boys bread breakfast breaks brian bridge bro bros brown browser browsing
buffalo bunch bundle burger burn burning bus button ca cable cal calling camp campus canadian cancer canvas
captain career carolina carry cash cast catch celebrate cell central certain changing chapter charge charity
chart chat checking chess chocolate choose chris christian church cities citizens civil claims classes
cleaning clear click client clip clojure clothes cloud coach coachella coast colbert colors combat comics
command commercial companies comparison competition completed complex computers con concept concert
conference confirmed confused congratulations congress connect connection consider considered considering
console conspiracy contact continue controller conversation cooking coolest cop cops copy cosplay costume
count countries county coupon covered crap crash cream creating creation creative creator creepy crew crime
crisis criticism crosspost crowd cry cs css culture curiosity curious customer cutting da dads damage dan
dance dangerous dat database dating dc debate debian debt december decent decide decision dedicated default
defense definitely degree delicious demo department depression description designed designer desk despite
dev developer developers device dick diego dies difficult director dirty discuss disney disneyland display
distance dj dlc dogs dollar dollars dota downtown downvote draft drama dreams drinking driver drivers
dropped drug drugs drum drupal dry dubstep dude duty dying earlier easier easily easter economy edge edit
education edward effective effects egg eggs either elder election electric electronic em emacs emergency
empire employees en ended ending enemy engine engineer engineering engineers england entry ents episodes
error escape especially essay europe european eve events everybody everyday everywhere evidence ex exam
example excellent exchange exist expect expected expensive experiences experiment explanation extension
extra extreme extremely faces fact factory facts fail failed fair faith fake fallout falls familiar famous
fantastic farm fashion faster fb fbi fear feat features featuring february feed feet fell fi fiction
fighting films finale finals financial finish fired firefox flair flight floor fly flying focus folk folks
following foot footage force forced ford foreign forest forgot forward fourth france francisco frank freedom
fresh fully function gaben galaxy gameplay garage garden gary gas gate gatfact gen gender generation ghost
glad glasses glitch gluten gods golden goodbye gop gopro gorgeous gotta gotten grad grade graffiti grand
graphic graphics grey ground groups grow grumpy gtm guard guitar gundam haiku hall halo handle hang hanging
happening hardcore hardware harlem haskell hasnt hat healthy heat heavy helped helpful helping helps hero
hidden hide hifw higher highly hike hiking hilarious hill hip hiring hits hobbit hockey holding hole holiday
homemade honest honey honor hop hopefully hoping horrible horror horse hospital host hotel houston howard
html5 humans hunting husband iama idap identify iii illegal imagine imgur immediately inch included includes
income increase incredible india industry infographic ink input insane inspiration install installed instant
intelligence intro introducing introduction ios iso item items itself itunes jackson jan january jazz jersey
jim joke jokes jon jones journal journey jquery judge juice jump justice keeping keeps keto kick killer
killing kills kim kinda kings kit kitchen kitten kitty knight knowledge korea korean l lab lack lan land
largest lately laugh laws lazy lbs le lead leader leaves leaving led lee legal legend lego legs lesson
levels lewis lf license lights liked likely limit lines lion lions listening literally lived lives load
location lock logic lol los losing loss louis loved lovely loves loving lower luck lucky lunch macbook mad
magazine maine makeup management manager mans marathon marine mario married mars martin mask mass massive
material matt max mead meat meeting member members meme mens menu mess method mexico miami michigan mid mike
miles milk min mining minneapolis minnesota mint mirror mission mistake moments monitor monster mostly
motion mount mouse moved movement ms multi multiplayer multiple murder museum mystery na nails named names
nasa nation native nature navy nc nearly negative neil net netflix newest nexus nfl nhl nights nine nobody
noise noob northern norway note notes notice novel november nsv nuclear numbers ny ocean october odd offers
officer officially older olympic olympics ontario onto opened operation ops option options orange ordered
oregon org owl owner owners package pain pair panel pants paris parking partner passes path paying peace
pebble pepper percent perl perspective pet peter petition phoenix photography photoshop php physical physics
piano pie pieces pilot pink plane planet plants plastic plate plays plot pm pocket podcast poetry points
policy poll pool population pork portal portland portrait position positive pot potato potential pounds
powered powerful pregnant press preview prices print prison private prize product production products
professional professor programs projects promo proof proper properly protect protest provide ps4 pull pulled
punk puppy purchase pure putting puzzle q queen quest quickly quit quote racist rain rainbow raise ramen ran
range ranked rant rape rare raspberry raw ray razer reach reality realize realized received recipes
recommendations recording records reference regular relationships releases relevant religion religious
remove removed republican republicans requested res resident resources restaurant result resume returns
revealed reveals reviews revolution rice rich richard rid ridiculous riding rift ring rip rise risk robert
robot role roll rolling romney roommate rose row rpg rule runs russia russian ryan safety sales sam sand
sandy santa sauce saved saving scale scared scenes schools scientific score scott screenshot screenshots
script scrolls scumbag seattle seconds section selling senate send senior september serial servers services
session sets setting seven several shape sharing sharks shell shift ship shirts shitty shoes shoot shooting
shopping shots shouldnt showed shut sib sidebar signed signs silly silver simply sit sites sitting situation
sketch skills sky skyrim sleeping smart smith smoke smoking soccer society sold solution solve somebody
somewhere sons sopa sort soul sounds soup southern speak speakers species specific speech spend spending
sports spotted spread sql square srs stage standing stars starts startup statement status steampunk steel
stephen steps steve stewart stick stock stolen stone stopped storage storm strange strategy streaming strike
strong studio studying submit subreddits subscribers success successful suck suddenly suggest suicide suit
sunset superman supposed supreme surprise surprised surveillance swing switch sword systems taco tale talks
tall target taste teach teachers teaching teams teaser ted telling ten term terms terrible testing theater
themed themselves thomas thousands thrones throw thursday ticket tickets tired titles tom tomt tools tor
toronto total totally touch tournament towards tower toy tracks trading traditional traffic trail transfer
trial trick tricks tries truly tuesday tumblr turning twice ubuntu ugly un uncle understanding union unique
unit unknown upcoming updates upgrade upon upvotes usb usually valentines value valve van various vegan
vegas vegetarian victory views vim vintage violence virginia visit visual votes voting vpn wake walked wanna
wanting warming washington watched wave weapon weapons weather websites wednesday weed western weve whatever
wheel whenever whether whiskey wikileaks wikipedia willing wind window wing wings winner winning wip wire
wireless womens wonderful wondering wood woods worked workers worry worse wouldnt written wyr xbmc y ya yall
yard yellow yoga youll yours ysk z zealand zelda zen zero zombies zone
""",
    15: """
02 03 09 1080p 10th 11th 120 1200 14th 15th 17th 18th 1920 1920x1200 1995 1999 19th 2001 2002 2003 2004 2005
2006 2014 20th 21st 250 25th 34 37 38 3ds 41 42 43 44 46 47 48 4chan 51 52 53 54 55 56 57 59 5k 5v5 600 65
66 69 6th 700 70s 74 79 7th 800 80s 85 8th 90s 97 98 9th aaron abandoned ableton absolute abstract abuse ac
academic academy accept accounts accurate accused achievement acid acoustic actions activity actor actors
acts addiction addition additional adds adhd admin administration admit admits adobe adopted adults advance
advantage adventures advertising adviceanimals affect afford afghanistan african agency ages ah aid airsoft
ak alan alarm alaska albums alcohol alert algebra algorithm aliens alison allowing allows alot alt alternate
amateur ambient amend andrew andy angel angeles angels animation ann announce annual answers anthony antonio
appear appearance appeared appears apples applications apply applying appropriate approved ar arbor
architecture arctic areas arena arguments armed armor arrest arsenal articles artificial artwork asia asian
asleep aspergers assange assault asshole ate atheists atlanta attached attempted attempting attempts
attorney attractive auction aug austin authors autistic automated automatic automatically av avatar awards
aware awareness awful az backpack backyard bags baked baking balance balls baltimore banana bang banks
banner bans barcelona barely barrel bars baseball basement bash basically basics basketball bastard batch
bath battlefield bbq bc bean beans beard beast beating beatles bee beef bees behavior behold belief beliefs
bell belong belonged below belt bench berkeley berlin bet bf bible bicycle bills bin biology bipolar bitcoin
blame blender blew blink blocks blogs bloody blow blowing blown bmw boards bobs bombing bombs bond bones
bonnaroo boom boost boots border borderlands boring bot bother bottles bourbon bow boxer boxes boxing
boyfriends bra bradley brains brave brazil breakdown breast brew brewing brief bright brilliant bringing
brings brisbane broncos brooklyn bruce bruins bsg bubble bucks buffy bugs builds bull bulls bullshit bunny
burgers buried burns bush busy butt butter cab cabinet cables cage cakeday calculus calendar calgary calm
calvin cameras camping candidate candy cannabis cannon canon canucks cap capital caps capture captured
carbon careful carl cartoon cascadia cases casting casual catching catholic caused causes causing cave cc
ccna cd ceiling celebrating cells censorship ceo chain chair challenges champion champions championship
chaos charged charges charles charlie chase cheaper cheat cheating checked chelsea chemical chemistry cherry
chest chief childhood childish childrens chili chill chinas chip chips choosing christians christopher cia
cigarette cinema circa circle circlejerk circuit cispa citizen civ civilization ck claim classy clearly
clever clock closed closer closet closing clothing clouds clubs clue cnn coal cod codes coding cognitive
collapse colorado colored colour columbia combined combo comfortable commander commentary commission compare
compared competitive compilation comprehensive concerned condition conditions confidence confirm confirms
congrats connected conservative constantly constitution construction consumer context continues contract
controlled controversial convention conversion convert convince cook cooker cookie cookies cooler cooper
copies copyright core corgi corn corner corporate corporations correct costs couch council counter counting
courses courtesy cousin coverage covers cowboys cpu crack cracked craft craigslist crappy crashes creates
creek crimes criminal cringe critical critiques crossing crush crying cthulhu cube cubs cult cultural
cupcakes cure customers cuts cycle cycling daft dallas dancing danger daniel darkness dash dates daughters
dave dawn dayz dealer dealing deals deaths debut dec decade decks decline deer defend defiance degrees del
delete deleted delivery demand demands democracy democrats denim denver depressed depth der derp describe
describes desert deserve deserves designing designs desperate destroy destroyed det detail detailed
determine develop developed developing devices devil dexter dfw diablo diamond diary dice diet differences
difficulty dig digest direct direction directly directory disabled disappointed disaster discount discover
discovery discusses discworld disease disk disorder district dive diving dm dna dnd doc doctors document
documents domain donald donate donations doodle doom doors dorm dos dota2 doubt downvoted drag dragons
drawings drawn dressed drift drill drinks drives drone dropping drops drums ds du dual dub duck dumb dump
dungeon duo dust dutch dvd dwarf e3 ea eagle eagles ear earn earthbound eastern eats ebay ebook ebooks
economic economics ed edc edh edited editing editor edmonton efficient effort efforts eight el electricity
electro electronics elements elephant elite emails embarrassing emotional employee empty emsk emulator
encounter encryption engagement enjoying ent enter entertainment entirely environment environmental equal
equality equipment equivalent er era eric espn esports essential est estate eternal eu evangelion evening
eventually exact examples excel except exclusive excuse exercise existence exists expansion expecting
experienced experimental expert experts explained explaining explosion exposure express extended external
f7u12 facial facing fails failure fairly fallen falling false families fancy faq farmers farming fastest
fate fathers favor favorites fc featured feb fed feds feelings feminist fest fiber fields fifa fighter
figures fill filled filming filter finest finger fingers finishing fires fireworks fishing fitness fits
fixing fl flags flat fleet flip floating flood flow flower flowers floyd followed foods forces forge
forgotten format forms formula fort fortress forum forums foundation founder fountain fps frame framework
francis fraud freaking freelance freeze fried friendship frozen frugal fruit fry fucked fuel functional
functions fund funded funding funds funeral funk funniest furniture further futurama gain gallery gallon
gambino gamer gamers gang gap gates gb gears geek gem gene generally generator genetic genius gentlemen
geography georgia giants gifts gig girlfriends gis giveaway glenn glorious glory gm gmail goals golf
goodwill googles gov governments governor gp grab graduate graduation grammar grandfather grandma
grandmother grandpa grandparents graph grass gravity greatly grew grid grocery grown growth gta guardian
guest guild guilty gym habits hack hacked hacker hackers hacking hammer handed hannibal happier happiness
harder hardest harper harris harry harvest hates haul haunted hawaii headed heading headphones heads hearing
hearts heaven heels height held helicopter helmet henry heroes herself hiding highest highlight highlights
highway hint hipster hire historical hitler hitting hobbes hobby holder holds holes holidays hollywood
homeland homeless homes honda honestly hood hook horses hosting houses housing however hp hq hrt html http
humanity humble humor hundreds hunger hungry hunt hunter hurricane hurt hurts hybrid ian iceland icon
identifying identity idiot ignore il illustration immigration impact importance impossible impressed
impression impressive improved improvement improving inc incident include incredibly indeed independence
independent indian individual industrial infinite infinity influence inglip ingredients insight instagram
installing instantly instructions insurance intel intelligent intense interactive internal interviews
introduce introduced invasion investigation investment invite invites involved ip ipod iran iraq ireland
irish isaac ish islands israel italian italy iv jail jam jason javascript jay jays jeans jeep jeff jerry
jesse jessica jet jimmy joel johnny joined joining joins joint joker jong joy jr juicing julian jumping
jungle junior junk justin kelly ken kept kevin kicked killers kindle kingdom kiss knicks knives knock
knowing kobe kong l4d2 label labor laid lakers lamp landing lane languages lapse larger las laser latvian
laughed laughing launched launches lawrence lawsuit lawyer layer layout leaders leading leads leaf leak
leaked lecture leg legacy legendary legends legit lemon length lens lessons letters letting lgbt liberal
libertarian liberty libraries lie lies lift lighting lightning lil limited limits lincoln lineup linked
liquid liquor lists literature liverpool loading loan loans locations locked log login lonely longest loop
loses loud lovers lowest lsd luke lying lyrics ma machines madison madness majority maker mall manage
managed manchester manga manning manual maple marketing marks martial marvel mary maryland mashup masters
matching mate materials matlab matrix mayor mcat mcdonalds md meal meals meaning meant meanwhile measure
mechanical med medal medicine medieval meets mega melbourne memes memorial memories mental mention mentioned
merry messages messi methods metro mexican mflb mic micro midnight miku mila mile millions minimal
minimalism minimalist minimum minister minor mir miracle mistakes mit mitt mixed mlg mls mmo mn mob models
moderator module moms monkey mono monsters montage monthly mood moral morgan morrowind mortgage mothers
motivation motorcycle mountains mouth moves mrw mt mtf mug murica muse mushroom musical muslim mustang mw2
mysql myth nail nailed nap nashville nations nazi nba nbc neat necessary neck neighbor neighborhood
neighbors nervous networks neuroscience newbie newegg newly newspaper nick nigel nightmare nin ninja
nintendo nj none normally norwegian nose nov nova novels npr nuts nutshell nz oak obamas object objects
oblivion obvious obviously occupy oct offensive offered offering officers officials offline og ohio oldest
om omaha omg onion opens opportunity opposite orders organic organization organized origin originally
origins orleans oscar osx otherwise otter outdoor outfit output overview owned oz pa pacific packers pages
paintings pan panda panic panorama papers parade paradox parallel parent parks parody parties passing
password pasta patent pathfinder patient patients patrick pattern pays peak peanut pedal pencil penis penny
pens peoples peppers perfectly perhaps period permanent personally perth pets pharmacy phase phd phil
philadelphia philippines philly phones photographer pia picking pig pillow pipe pirate pissed pit pitch
pixel pka planned planted platform playlist playoffs playstation pleased plug plugin poem poker polish poly
pony poop pope popped port portable portfolio portugal pose posters potatoes potter pound powers powershell
pr practical prank prefer pregnancy premier premiere prepare presentation presents presidential pressure
prevent previous previously pride primary prince princess printed printer printing privacy privilege
processing produce produced productivity professors profile profit programmer progressive prom promise
promised promote propaganda property proposal proposed pros protection protein protesters protests prototype
prove provides ps psych psychedelic psychology pt pub published pulling pumpkin pun punch puns pup purchased
purple purpose purposes push pushing puts pv pve pvp python quantum quarter que quiet quotes rabbit racing
racism rack raid rail raised raising raleigh ram randomly rap rat rates rating ravens razor reached reader
readers realistic recap receive recognize recommended recorded recovery reddits redstone reduce reel refuses
regret relate relief remains remake reminded reminds remote rent rep repair replace replaced replacement
reply reporting reports republic requests require required requires rescue researchers reserve residents
resist resolution resource respect respond responds responsible restaurants restore retail retirement retro
returning reveal revenge reverse reward rick ridiculously rifle rig rings rising roads rob robin robots
rocket rocks roguelike rolls roman roof root roots rough route routine rover royal rt rugby ruined rush
russell s3 sacramento sailing saints salad salary salt sample samsung sandwich sat satellite saturn sausage
saves scam scandal scarlett scary schedule scheme sci scientist scored scores scotland scratch screw screwed
scroll sd se searching seasons seat secrets secure seed seeds seek seeking seemed sees select selection
selena sells semester semi senator sending sensitive sentence separate sequel serving settings sf shadow
shall shame shared shares shark shave shaving shed sheet shelter shiba ships shock shown shrimp sides sight
significant signing silence silent sim simon simpsons sims simulator sin sing singapore singer singing
singularity sips sir sisters sized skill skip skull skype slender slenderman slide slightly sloth slowly
smaller smash smashing smell smoked smp snail snake snapped sneak snowden soap soda soft soldier soldiers
solid solutions som somehow someones somewhat sony souls soundtrack sources spain spam spanish spare speaker
speaking speaks specifically spell spicy spiderman spidey spike spill spin spirit split spongebob sport
spots spray spy squad sr ss ssd stack stadium staff stands starcraft stargate starter stations statistics
stats statue staying steak steal stealing steelers stencil stereo steven sticker stickers stole stops stores
stranger strangers streets stress strikes string strip structure struggling studies stuffed stumbled
stunning subaru subject submission submissions submitted subs subtle subway successfully sucks sudden sugar
suggested suggests suits summary sums sunrise superior supplies supply supporting supports surface surfing
surgery survive survivor suspect sweden swedish swim swimming switching sydney syndrome synth tab tables
tablet tacos tag tales tampa tanks tap tape task tasty tattoos taught taxes taylor tear tears technical
technique techniques teeth telescope television temple tent terminal terror terrorist terry tests tfw
thanksgiving theories theyll theyve thief thin thor thousand threads threat threatens threw thrift
throughout throwing thru thus tie tiger till tim timeline toilet tokyo tomato ton tongue tonights tons tony
topic torchlight tough toward toys tracking trans transgender transit translation trap trash traveling
treasure treat treatment trek trend tribes tribute trigger triple troll trust tube tune turkey turtle
tutorials tw tweet tweets twilight twin twist tx types typical tyson uc ucf ucla uh ui ultra um underground
underwater unemployed unexpected unfortunately unicorn universal unless unusual upload upper ups upset urban
usage useless usual utah v2 va vacation valley values vampire vancouver vanilla vehicle vendor versus vet
veteran vfx vice victim victims victoria vid viewing village vinyl violent virtual virus vision visited
visiting volume volunteer voted voters wa wage walks wallet walls walmart warfare warm wash waste wayne
werent wet wheels whoever whose wi wide wifes wifi wiki wilfred william williams winnipeg wisconsin wisdom
wise witch wizard woke wolf wooden worker workout worried wr writer writers wwii www xcom xp xx yahoo yay yo
youd younger youth zoo
""",
    16: """
0x10c 1080 10am 10k 110 12th 130 13th 140 1500 1600 16th 170 180 182 1920s 1945 1950s 1960 1960s 1964 1965
1967 1968 1969 1970 1971 1973 1976 1977 1978 1979 1983 1984 1985 1986 1988 1989 1990 1991 1992 1993 1994
1996 1997 1998 2015 2016 20s 22nd 23rd 24th 2500 27th 28th 29th 2d 2k 2x 3000 30pm 30th 31st 365 40k 420
49ers 4e 4s 5000 50s 50th 58 5s 60s 61 62 63 67 68 6pm 71 72 720p 73 76 77 78 7pm 81 82 83 84 86 87 88 89
900 91 911 92 93 94 96 aa abc abilities abroad accent acceptable acceptance accepting accessories accidental
accomplished accuracy ace achieve achieved acne acquire acquired acrylic acta activist activists activities
actress adams adapter addicted admins admissions adopt advise affair affected affordable aftermath
afterwards aged agencies agents aggressive aging agnostic agreement agrees aic aids aim aims aircraft
airplane alabama albert alberta ale alexander algorithms alice alike alleged allen alliance alter
alternatives although amaa amazed amazingly amber ambulance amd ameristralia ammo amol amsterdam amy amys
analog anarchism anarchy anatomy anchor anderson andre anger angle announcing annoyed answered ant anthem
antique anvil anxious anyways ap apache apartments apocalyptic apollo apologies apologize apology appeal
applied appreciation approaching approval approve approves apr apt aquarium arab archer architect archive
arduino argue arguing ariana arkham armstrong arnold array arrests arrive arrives arrow ars arthur artistic
asap ascend ash asparagus aspiring assassin assassins assembly assholes assignment assist assistance
assistant associated association assume assuming asteroid astronaut asylum atlantic atlas atmosphere
attacked attacking attend attic attitude audience aunt aurora aus aussie austria authorities authority
automation autumn ave avenue avocado awake awesomenauts awesomeness awhile axe ba backed backing backs
backup backwards baconit badly bald baldurs bale balloon ballot bane banking banning baptist barack bare
barn barrier barry basil basis basket bastards bat batteries battles beads beaten beck beers began begun
behavioral beijing belgium believes bells belly beloved bend benefit benjamin bento besides beware bg bias
bid bieber bikes bikini billboard billie billions billy binary binding bing bioshock bitches bitcoins bite
bits bizarre bjj blackout blacks blake blank blanket blast blend bliss blizzard blocked blocking bloom
bloomberg blows blu bluetooth bo bobby bodies bolt bon bone bong bonobo boo booster booth borders bosses
bothered bots bottled bound bout bowie bowling boycott bp brad brakes branch brandon brands bras brass
bravery braveryjerk braves brazilian breastfeeding breasts breath breathe breed brewery brick bride brie
britain broad broadcast brony bronze brotherhood browns browse brush brutal bryan bryant bs bubbles buck
bucket bud buddhism buddies buddys buds buildings bulk bulldog bullet bully bump burial burned burrito
businesses bust busted butcher butler butterfly buttons buys bye c25k cabin cafe caffeine cakes calc
calculator calories cam campaigns canadas canadians cancelled candidates cans canyon capable capacity cape
capitalism capitol carb cardboard careers cares carnival carpet carried carrier carrot carrying cart carter
cartoons carved catalog catches category cbc cbs celebrates celebration celebrity cellphone centre cents
cereal ceremony certainly certificate certification certified challenging chamber chances channels charger
charging charts chasing cheapest cheated checks cheer cheers cheesy chef chefs chevy chick chillin chilling
chills chiptune chiptunes choices chomsky chose chosen christ christianity chronicles chuck chuckle
cigarettes cinnamon circles cisco civic ck2 claimed claiming clan clarity clark clarke clarkson clash
classical classics classroom clay cleaned clearance cleared cleveland clicking clients cliff climb climbing
clinic clinton clips clone closest clown clues cluster clutch cm co2 coat cocaine cockpit cocktail coconut
coin coins coke cola colin collaboration collect collected collecting collections collective collectors
colleges collision colony columbus column combination combine comeback comedian comedians comfort commands
commercials commit committed committee commonly commons communication communications communist communities
commute comp compact companion comparing compatible compete compile compiled complain complaining complaint
complicated components composer computing conan concepts concern concerning concerns conclusion concrete
confession confident confirmation conflict confusing confusion congressman connections cons conscious
consciousness consequences conservation conservatives consoles constant constitutional constructive
consumption contain container contains continuing contribute controls controversy conversations converted
converting convinced cooked cooling copenhagen copper cord corp corporation corps correctly corrupt
corruption corset cosmic costa costco costumes cotton countdown countrys counts coupe couples coupons
courage cousins covering cow cowboy coworker coworkers cox crab cracks crafting crafts craig crane crashed
crashing crawl creativity creators creature creatures credits creed creepypasta cried cringepics crit
critics crop crossover crow crown cruel cruise crypto crystal ct ctrl cubes cunt cupcake cups currency curry
curse curve customization cutest cutie cyber cycles cypher daddy dairy dale damaged dammit danny dare darth
darwin das davis dawkins db dcpu dcss dd deadline deadly deadmau5 deadpool dean debates decades decay
decides decisions declared declares decorating deeper deeply defeat defence defending defends defensive
define definition degrasse delay delayed deleting deliver delivered delivers dell delta dem democratic demon
den denial denied denmark dennis deny deployment depressing derpy des descent descriptions deserved
designers desire desperately destroyer destroying destroys destruction detained detective deviantart devs di
diagnosed diagram dialogue dictionary diesel differently dilemma dining dinosaur dinosaurs dip directed
directions dirt disable disappear disc discipline disclosure disco discovering discrimination discussions
disgusting dish dishes dislike displays dispute distribution distro disturbing diver diversity division
django djs dl dock docs dodge doll dolphin dome domestic don donated donation doodles dope dose dot dots
doubles doug douglas downloaded downloading downloads downvotes downvoting dozen dozens dprk dpt drain
dramatic drank draws dreaming dreddit dressing drifting drilling driven drm drones dropbox drove dryer dslr
ducks dudes duel dui duke dumpster duncan dungeons dunk dylan dynamic earl earned ears earthquake earths
ease easiest eclipse eddie eden edgar editorial edits edm educational ee effectively efficiency ego egypt
egyptian eh einstein elderly elected elections electrical element elementary elevator eleven eli5 eliminate
elizabeth ellie elses embarrassed embedded emblem emilia emissions emma emmy emotion emotions emperor
employer employers employment ems emskr emulation encourage encrypted endangered endless enemies enforcement
eng engage engaged engines enhance enhanced enjoyed enjoys ensues ensure entered entering enterprise
entertaining entitled entrance entrepreneur entrepreneurs epa equation equations errors es eso establish
esteem estimate estimates et ethical ethics etiquette etsy euro europa euw eva everyones everytime evo
evolutionary evolved exams excitement exciting execution executive exercises exile existed existing exit exp
expand expanding expectations experiments expires exploit exploration explore explorer exploring explosions
expo export exposed expression expressions extend extensions extinct extinction extract eyebrows eyed f1 fa
fabulous facility faction factions factor failing fairy falcon fame fanart farewell farmer farms fascinating
fatal fault fears fee feeding fees females feminism feminists fence ferret festivals ffa ffxiv fiance fifth
fights filed filipino filling filmed filmmakers finance finland firearm firearms firefighter firefighters
firefly firing firm fist fitting fixes flame flames flavor flea flew flies flooding floors flu fluid
fluttershy fm focused focusing fog folder followers follows font fool fools forbes forgive fork formal
formation formatting formed fortune forza fossil foster fought foundry fp fracking framed frames franchise
franklin freak freddie freeman freezing frequency frequently freshman fridge fries frog frontpage frost
frustrated fu fuckin fucks fundraiser funky fur furry fusion fuzzy fx fyi ga gabe gained gal gamecube
gangnam garbage gardens garlic gat gathering gavin gays gba geeks gems generate generated generations
genesis genetics genre gentle gentleman genuine geometry germans ggg ghc ghosts gi gina ginger giraffe
github glitter globe glover gloves glow gmod gnome gnu goat gog gomez goodness goods gordon gore gorilla
govt gps gpu grace grades gradient graduated graduating graham grain grandfathers grant grateful grave gray
greater greece greek greenwald greetings greg grill grilled grind grinder grinding groove gross grows grump
guardians guards guests gui guidance guidelines guides gulf gus gw2 ha habit hacks hadnt haha hail haircut
halfway ham hammock hampshire hanako handles handling handmade handsome handy hangout hank hans happiest har
harbor hardly hardstyle harm harmony harrison harsh harvard harvey hash hated haters hating hats hatsune
hawk hazard hbo hdd hdmi header headline headphone headset healthcare heating heavily heck hed heights herb
heritage heroin higgs highschool hills hints hired historic hive ho holmes holocaust homebrew homer homework
homosexuality hong hoodie hooked hopes horizon hormones horribly hosted hottest household howd hows hr hug
hulk hundred hung hunters hurry husbands hut hype hyper ibm ic icnd1 icons ideal idiots ie ign ignorance
ignored ignoring iiwtl ikea ili ilivein illegally illinois illness illusion illustrated illustrator imac
imaginary imagination imdb immortal imo imperial implement implementation implications impressions
improvements inappropriate inches incoming incorrect increased increases increasing index indiana
individuals indonesia indoor industries inequality infected informed initial initiative injured injury inner
innocent innovation insanity insect insert insider inspirational inspiring installation institute instructor
instrument instrumental instruments insult intellectual intended interests interface interior internship
interpretation interviewed introduces introvert introverts invented inventory invest investing invisible
invited involving iowa iranian irc irl irony irs islam isle israeli iss issued itll ivy jacket jake jamie
jane jar jealous jean jelly jennifer jeremy jerk jewelry jewish joes joey johansson johns jonathan jordan
jose joseph josh journalism journalist journalists journals judgement judgment jumped jumps jupiter jury
kansas kanye karl katawa kate keith kentucky kerbal kernel keyboards kicking kicks kidding kinds kinect
kisses kits kittens km knee knights ks kunis kurt kyle labels laboratory labs ladder laden lag lakes lamar
lamb landed landlord lands landscape laptops larry latin latvia laughs launcher launching laundry lawmakers
lawn lawyers lay laying lb lcd leaking leaks leap learns leather lectures leds lefty legalization legalize
legally legion legislation legislature legitimate leo leopard les lesser lfg liberals librarian lifestyle
lifetime lifting lighter lightroom lightweight liking lilly lily lime lin linear linguistics linking lip
lips lisa listed listened listing lit lite literary livestream lizard loaded loaf lobby locals located locks
logged logical logos loki lone loose loot lords lore lotro lottery lotus louie louisiana lounge lover lp
lucas luis luna lurker lurking m3 macro macros madrid mafia magazines magical magnetic magnificent mailbox
mainly mainstream maintain maintenance majestic makers malcolm malware mame mandarin mandatory mane mango
manhattan mani mansion mapping mar marble marc marines marked marker markets marry marshall mart mascot mash
mashups massachusetts massacre masterpiece mat matches mates mathematical mathematics matters matthew mature
maximum maynard mb mc mech mechanics medic medication meditation medium meds melee melodic melt melting
membership mentally mercury merge mesa meshnet messed messing meteor meter meth mi mice michelle microsofts
microwave midi midwest mighty milan mild milestone milky mill miller minds minecart minimalistic mins minus
mirrors missile missions mississippi missouri mitch mitchell mixes mixing mixtape mlp mm mmfb mmj mmm mmorpg
mmos mo mock modafinil modding moderators modest modified modular monitoring monitors monk monopoly monsanto
montana montreal moore moose morality mormon moth motivated motivational motor mozilla mp mp3 mph mud mum
munich mural murdered murders murphy murray muscle mushrooms musicians mustache mutant mw3 mwo mx mysterious
myths n64 naming nas nasas nasty nate naturally ndp ne nearby nebraska nebula necklace needing needle
neither nelson neo nerd nes nest netherlands networking neutral nevada neverwinter newell newer newsroom nfc
nicely nicholas nietzsche nike noah noam nobel noble noir nom nominated nonprofit noodle noodles noon
nootropics nope nor norge norman norton nostalgia notch novelty nowhere nra nuke nursing nut nutrition
nvidia nye nypd nytimes oakland oatmeal obscure obsessed obsession octopus odds ode offended offense okcupid
oklahoma ol olds olive oliver omegle ongoing onions oops opener openly opera operating operations operator
opie opponents opposed optical oracle orbit orchestra ordering organizations organize organizing orlando
osama oslo ost osu ot ourselves outcome outer outlook oven overall overcome overhaul overly overnight
overseas owls ownership owning owns pac pace packages packaging packed packing packs pacman pad painful
paintball pal palace pale palm pandora panels papa para paradise paranormal parenting parked parker
parliament parrot particular particularly partners passage passenger passion passive passwords paste pat
patrice patriot patrol patterns pax paycheck payment payments paypal pbs pcs pdt pearl peasants pedals pee
peek peep peer penalty penguin penguins pennsylvania penpal pentagon percentage perform performed performing
perk perks permanently permission permit perry personality persons peru pete ph phantom philosopher
philosophers philosophical photogenic photograph photographers photographs photoshoot phrase physically
picks pickup picnic pigs pile pilgrim pill pills pilots pin pine pineapple pinkie pipa pipes piracy pirates
piss pistol piston pittsburgh placed placement plague plain planes planets plates platinum playable playoff
playthrough plaza plea pleasure pledge plenty plugins podcasts pointers poison poland polar pole policies
polished politicians pollution polyamory pond pong poorly popcorn pops porch porter portraits poses posing
positions possession possibility postal postgresql potentially pour poverty powder practices practicing
praise pray prayer precious predict predicted prediction predictions preferably preferred prelude premium
prep prepared preparing presence presented presidents pretend pricing priest primer prints prior priority
prism probability processor procrastination producer producers productive prof professionals profits prog
programmers progression promises promotion prompt proofread prop properties propose proposes props protected
protecting protip protocol proves provided provider providers providing proving proxy ps2 psn psp pst psy
psycho psychological psytrance puberty publicly publish publishing pulls pulp pump pumped puppies purchases
purchasing pursue puzzles pyramid qb qi quad quake quebec queens query quietly quits quitting quiz
quotesporn races rachel racial radar radical radioactive rainmeter raises ranch rand randy ranger rangers
rank rankings ranks raped rapid rapper rarely rarity rated ratings ratio rational rats rave rays reaches
reaching react reactions reads realism realization realizing rear reasonable rebate reboot rebuild recall
receiver receives receiving recognition recognized recommendation recover redemption redesign reducing reef
refer references reflect reflection reform refuse refused refusing regards region regional register
registration regularly reid rejected relations relative relatively relax relaxing releasing reliable remain
remaining remembered remembering remembers remind removal removing render rendering rendition renewable
rental repeat replacing reported reportedly reporter reposted represent representation representatives
requesting requirements rescued researcher reset resistance resort responses responsibility restoration
restored restrictions resumes retarded retire retired returned reunion revenue reviewed revolutionary
rewards rex reznor rhcp rhino ribs rica richest richmond ricky rider rides ridge rim riot ripped rises
rivers rk roast roasted robinson rocking rocky rod rodgers rogan roger rogers rogue roles rolled roller rom
romance romantic rome romo rookie roommates rooms rope roses ross rotation roughly rounds roundup router
rowing rubber rude ruin ruining ruins ruled ruling rumor rumors runescape runner runners rural rye sa sack
sacred sacrifice saddest sadly safari safely safer saga sagan sail sailor saint sake salmon samples samurai
sandwiches sanity sans sarah satire satisfying saudi savage savings sc scare scariest scenario scg scheduled
scifi scope scoring scotch scottish scout scrap scream screaming screens scripts scrubs scuba sculpture seal
sealed sean searched seats sec secondary secretary secretly seeks segment seinfeld selected sen senators
sends sensor sentences sept sequence serve served sessions severe sewing sexism sexist sfm sfw sg shadows
shameless shane shaped shapes sharp shawn sheep sheets sheldon shelf sheriff sherlock shield shine shiny
shipped shocked shocking shoe shoegaze shooter shoots shops shore shortly shorts shotgun shoujo shoulder
shout showerbeer shuts shutting shuttle shy sidewalk sigh signal signals signature signatures significantly
silk simpson simulation sings sink sits situations sizes skeleton sketches ski skinny skins skydiving
skyline skyward slackline slave slavery slayer slc sleeps sleepy sleeve slept slice slides slight slim slip
slot sloths slpt sludge slut smallest smarter smartphone smbc smells smiling smite smooth snack snacks snap
snes sniper snoop sober socially sociology socks soil sol solved solving sometime sonic sooo sorta sorts
soundcloud sounding sour sourcefed sourdough soviet spaces spaghetti spark sparkle spawn spec specs
spectacular spectrum speculation speeding speedrun speeds spends spice spiders spikes spinach spiral spoke
spoken sponsored spoon spotify spotlight spreading spreadsheet springs sprint spurs spying squat squirrel
ssh stable stages stairs stan stance standards standup stanford stanley starbucks stare staring stark
starring startups stash stayed steals stealth stem stepping stern stew sticking sticks sticky stitch stocks
stoic stoicism stoked stomach stoned stoner stones stood stopping storms stove strategies strawberry streak
streams strength stretch strings stripes stroke stronger strongly struck structures struggle studios styles
suarez subjects submitting subscribe subscription substitute subtitles suburban succeed sucking sue sued
sues suffer suffering suing suite sum summit sundays sunny sunshine superbowl superhero supermarket
supernatural supplement supplements supported supporters suppose surf surprising surprisingly surrounding
survived sushi suspended suspicious sustainable sv swag swanson swap swear sweat sweater swift swiss
switched switches switzerland symbol symbols symptoms sync syria sysadmin tabletop tablets tabs tackle
tactical tactics taeyeon tags tail taiwan talent talented talked tallest tan tard tardis targets tastes
tasting taxi tb teaches technica technically techno technologies tee teenage teenager teenagers temperature
template temporary tend tennant tennessee tennis terminator terrain terraria terrified terrifying territory
terrorism terrorists tes tesla tested textbook textbooks texting texts texture tf2 tgs thai thailand theatre
theft themes therapy therefore thesis thick threatened threatening threats thriller throat thrown throws
thumb thunder tied tier ties tiffany tight tile tiles tilt timelapse timer timing tin tina tire tires titan
titled tl tn toast tobacco todd tofu tomatoes tommy tone tooth topics tops torchwood tornado torrent torres
torture totalbiscuit tottenham touched touching tourists towel towers towns toxic toyota trace traded trades
tragedy trails trains trance transformation transition translate transmission transport transportation
trapped travelling travis trayvon treated treats trends trent trials triangle tribal tribe trillion trilogy
tripping triumph trolling trolls troops trophy tropical troy trucks trunk tsa tsunami tuition tunes tunnel
turbine turtles tweeted twenty twins twitch tyler typing ultralight unable unbelievable uncomfortable
unconstitutional und undergrad undergraduate underrated unemployment unfortunate uni uniform unite units
universities unlikely unlimited unlock unlocked unofficial unsure unveiled unveils updating upgraded
upgrades upgrading uploaded uprons upside upvoted urge urgent urges usd username uss uw vagina valentine
valid valuable vape variety vast vault vector veg vegetable vegetables veggie veggies vehicles venom vent
venue verge verified verizon versions vertical veterans vi viable vietnam viewers vii vikings villain violin
vip viral virgin visa visibility visible visits visualization vita vitamin vocal vocaloid vocals voices void
vol volunteers von voter vw wages wagon waited waits waking wal wales walker walnut walt walter ward
wardrobe warehouse warhammer warned warns warp warrant warren warrior warriors washed washing wasted
watercolor waterloo waters watson watts waves wax weak wealth webb webcam wed weekends weigh weirdest
welcomed welfare wells westboro whale wheat wheelchair wheres whilst whistleblower whites whoa whom whore
wicked widely widow wilderness wildlife wilson winners wipe wired wiring witness woahdude wolverine wolves
womans wondered wonders woody wore workshop worldnews worldwide worn worthy wot wrap wrapped wrath wrc wreck
wrestling wright wrist writes wsib wtc xd xkcd xl xmas yards yep yesterdays yogscast yorker yr yrs zach
zimmerman zip zooey zoom
""",
}
RAREST = 17
COMMON: dict[str, int] = {word: level for level, words in _LEVELS.items() for word in words.split()}
